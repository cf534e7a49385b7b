-- kind: expand
-- Ids are uuids, times integer milliseconds. What people name is text; JSON is text too, and not jsonb, which refuses
-- a NUL and forgets the order of fields. Keys that are walked in order compare by their bytes, as in SQLite.
-- Tables that are written most have their columns of eight bytes first, where nothing is filled up before them.

-- Engine time: this server's clock, with the offset by which a test moves it.
create function engine_ms(offset_ms bigint) returns bigint language sql volatile
as $$ select floor(extract(epoch from clock_timestamp()) * 1000)::bigint + offset_ms $$;

-- The place of an item in its lane: one sequence over all lanes, so that it never goes back, also when a lane was empty.
create sequence lane_pos as bigint cache 1;

create table meta (
  name text primary key,
  value bigint not null
);

-- Ids of the keys that configuration was sealed with, so that a process without them is told so. Never the keys.
create table sealing_key (
  id text primary key,
  noted_ms bigint not null
);

create table config_version (
  tenant uuid primary key,
  version bigint not null
);

-- Health is written again and again: where its page has room, a changed row stays there and no index is written. At 20,000
-- subscriptions that makes 2,780 bytes of WAL per delivery of 2,939; room for a third more would make it 2,746.
create table subscription (
  id uuid primary key,
  tenant uuid not null,
  version int not null,
  state text not null,
  state_since_ms bigint,
  state_reason text,
  pauses text not null,
  created_ms bigint not null,
  updated_ms bigint not null,
  created_by uuid,
  deleted_ms bigint,
  consecutive_failures int not null default 0,
  first_failure_ms bigint,
  last_delivery_ms bigint,
  last_status_code int,
  last_success_ms bigint,
  last_failure_ms bigint,
  told_percent smallint not null default 0
) with (fillfactor = 50);
create index subscription_tenant on subscription (tenant, id);
create index subscription_troubled on subscription (tenant, id)
  where deleted_ms is null and (consecutive_failures > 0 or state = 'disabled');

create table subscription_version (
  id uuid not null,
  version int not null,
  config bytea not null,
  primary key (id, version)
);

create table source (
  id uuid primary key,
  tenant uuid not null,
  version int not null,
  enabled smallint not null,
  url_key_hash bytea,
  created_ms bigint not null,
  updated_ms bigint not null,
  created_by uuid,
  config bytea not null
);
create index source_tenant on source (tenant, id);

create table api_key (
  id uuid primary key,
  tenant uuid not null,
  name text not null,
  role text not null,
  prefix text not null,
  hash bytea not null unique,
  created_ms bigint not null,
  expires_ms bigint,
  last_used_ms bigint,
  revoked_ms bigint
);
create index api_key_tenant on api_key (tenant, id);

-- Four tables are partitioned by the week that their ids carry; what no week was made for is in their DEFAULT partitions.
-- The program makes weeks ahead and names them by their Monday (partitions.ts).

-- targets: 36 bytes each: subscription id, version as big-endian uint32, delivery id.
create table event (
  id uuid primary key,
  tenant uuid not null,
  occurred_ms bigint not null,
  accepted_ms bigint not null,
  config_version bigint not null,
  source_id uuid,
  source_kind text not null,
  owner text,
  type text not null,
  external_id text,
  ordering_key text,
  tags text not null,
  headers text not null,
  targets bytea not null,
  body bytea not null
) partition by range (id);
create table event_default partition of event default;
create index event_tenant on event (tenant, id);

-- flags: the kind of delivery, 0 first, 1 redelivery, 2 replay, 3 test.
create table due (
  due_ms bigint not null,
  delivery_id uuid not null,
  event_id uuid not null,
  subscription_id uuid not null,
  n int not null,
  shard smallint not null,
  flags smallint not null,
  primary key (shard, due_ms, delivery_id)
);
create unique index due_delivery on due (delivery_id);
create index due_subscription on due (subscription_id, delivery_id);

create table lane (
  shard smallint not null,
  subscription_id uuid not null,
  key text collate "C" not null,
  pos bigint not null,
  delivery_id uuid not null,
  event_id uuid not null,
  n int not null,
  not_before_ms bigint not null,
  flags smallint not null,
  primary key (shard, subscription_id, key, pos)
);
create unique index lane_delivery on lane (delivery_id);
create index lane_subscription on lane (subscription_id, delivery_id);
-- By this an owner learns of what other processes put into the lanes of its shards.
create index lane_news on lane (shard, pos);

create table lane_state (
  subscription_id uuid not null,
  shard smallint not null,
  reason text not null,
  since_ms bigint not null,
  probe_at_ms bigint,
  primary key (subscription_id, shard)
);

-- outcome: 1 when the receiver took it. class: the failure's code. phases stand in detail, which is JSON.
create table attempt (
  delivery_id uuid not null,
  n int not null,
  event_id uuid not null,
  subscription_id uuid not null,
  sub_version int not null,
  tenant uuid not null,
  at_ms bigint not null,
  sent smallint not null,
  outcome smallint not null,
  code int,
  class text,
  response_ms double precision,
  closes text,
  detail text not null,
  response_body bytea,
  primary key (delivery_id, n)
) partition by range (delivery_id);
create table attempt_default partition of attempt default;
create index attempt_subscription on attempt (subscription_id, delivery_id);
create index attempt_undelivered on attempt (tenant, delivery_id) where closes is not null and outcome = 0;
create index attempt_undelivered_subscription on attempt (subscription_id, delivery_id)
  where closes is not null and outcome = 0;

create table redelivery (
  delivery_id uuid primary key,
  event_id uuid not null,
  subscription_id uuid not null,
  of uuid,
  kind text not null,
  by uuid
);
create index redelivery_event on redelivery (event_id, delivery_id);

create table task (
  shard smallint not null,
  due_ms bigint not null,
  id uuid not null,
  tenant uuid not null,
  kind text not null,
  ref uuid not null,
  n int not null,
  payload bytea not null,
  primary key (shard, due_ms, id)
);

create table intent (
  delivery_id uuid not null,
  n int not null,
  times int not null,
  primary key (delivery_id, n)
);

-- owner: null when released by its owner or never held.
create table shard (
  shard smallint primary key,
  owner uuid,
  epoch int not null,
  lease_until_ms bigint not null
);

-- Processes that take part in the leases, and until when they said so.
create table node (
  id uuid primary key,
  until_ms bigint not null
);

-- The number of the advisory lock that an owner holds while it lives: bits of its id that are random.
create function owner_lock(id uuid) returns int language sql immutable
as $$ select ('x' || right(id::text, 8))::bit(32)::int $$;

create table idem (
  tenant uuid not null,
  scope text not null,
  key text collate "C" not null,
  body_hash bytea not null,
  answer bytea not null,
  at_ms bigint not null,
  primary key (tenant, scope, key)
);
create index idem_at on idem (at_ms);

create table receipt (
  id uuid primary key,
  tenant uuid not null,
  source_id uuid not null,
  received_ms bigint not null,
  method text not null,
  headers text not null,
  body bytea not null,
  verdict text not null,
  outcome text not null,
  reason text,
  duplicate_of uuid,
  body_differs smallint not null,
  event_ids uuid[] not null
) partition by range (id);
create table receipt_default partition of receipt default;
create index receipt_tenant on receipt (tenant, id);
create index receipt_source on receipt (source_id, id);
create index receipt_rejected on receipt (source_id, id) where outcome = 'rejected';

create table fact (
  receipt_id uuid not null,
  n int not null,
  fact text not null,
  provenance text not null,
  primary key (receipt_id, n)
) partition by range (receipt_id);
create table fact_default partition of fact default;

-- until_ms: null for ever.
create table receipt_key (
  source_id uuid not null,
  key text collate "C" not null,
  receipt_id uuid not null,
  until_ms bigint,
  primary key (source_id, key)
);
create index receipt_key_until on receipt_key (until_ms) where until_ms is not null;
create index receipt_key_receipt on receipt_key (receipt_id);
