-- Ids are 16 bytes, times integer milliseconds. Tables that carry bodies keep their rowid: a row of a WITHOUT ROWID
-- table sits in the inner pages of its tree, and rows of a kilobyte there leave four children to a page.

create table meta (
  name text primary key,
  value integer not null
) without rowid;

create table config_version (
  tenant blob primary key,
  version integer not null
) without rowid;

create table subscription (
  id blob primary key,
  tenant blob not null,
  version integer not null,
  state text not null,
  state_since_ms integer,
  state_reason text,
  pauses text not null,
  created_ms integer not null,
  updated_ms integer not null,
  created_by blob,
  deleted_ms integer,
  consecutive_failures integer not null default 0,
  first_failure_ms integer,
  last_delivery_ms integer,
  last_status_code integer,
  last_success_ms integer,
  last_failure_ms integer
) without rowid;
create index subscription_tenant on subscription (tenant, id);

create table subscription_version (
  id blob not null,
  version integer not null,
  config blob not null,
  primary key (id, version)
);

create table source (
  id blob primary key,
  tenant blob not null,
  version integer not null,
  enabled integer not null,
  url_key_hash blob,
  created_ms integer not null,
  updated_ms integer not null,
  created_by blob,
  config blob not null
);
create index source_tenant on source (tenant, id);

create table api_key (
  id blob primary key,
  tenant blob not null,
  name text not null,
  role text not null,
  prefix text not null,
  hash blob not null unique,
  created_ms integer not null,
  expires_ms integer,
  last_used_ms integer,
  revoked_ms integer
) without rowid;
create index api_key_tenant on api_key (tenant, id);

-- targets: 36 bytes each: subscription id, version as big-endian uint32, delivery id.
create table event (
  id blob primary key,
  tenant blob not null,
  owner text,
  type text not null,
  external_id text,
  ordering_key text,
  tags text not null,
  headers text not null,
  occurred_ms integer not null,
  accepted_ms integer not null,
  source_kind text not null,
  source_id blob,
  config_version integer not null,
  targets blob not null,
  body blob not null
);
create index event_tenant on event (tenant, id);

-- flags: the kind of delivery, 0 first, 1 redelivery, 2 replay, 3 test.
create table due (
  shard integer not null,
  due_ms integer not null,
  delivery_id blob not null,
  event_id blob not null,
  subscription_id blob not null,
  n integer not null,
  flags integer not null,
  primary key (shard, due_ms, delivery_id)
) without rowid;
create unique index due_delivery on due (delivery_id);
create index due_subscription on due (subscription_id, delivery_id);

create table lane (
  shard integer not null,
  subscription_id blob not null,
  key text not null,
  pos integer not null,
  delivery_id blob not null,
  event_id blob not null,
  n integer not null,
  not_before_ms integer not null,
  flags integer not null,
  primary key (shard, subscription_id, key, pos)
) without rowid;
create unique index lane_delivery on lane (delivery_id);
create index lane_subscription on lane (subscription_id, delivery_id);

create table lane_state (
  subscription_id blob not null,
  shard integer not null,
  reason text not null,
  since_ms integer not null,
  probe_at_ms integer,
  primary key (subscription_id, shard)
) without rowid;

-- outcome: 1 when the receiver took it. class: the failure's code. phases stand in detail, which is JSON.
create table attempt (
  delivery_id blob not null,
  n integer not null,
  event_id blob not null,
  subscription_id blob not null,
  sub_version integer not null,
  tenant blob not null,
  at_ms integer not null,
  sent integer not null,
  outcome integer not null,
  code integer,
  class text,
  response_ms real,
  closes text,
  detail text not null,
  response_body blob,
  primary key (delivery_id, n)
);
create index attempt_subscription on attempt (subscription_id, delivery_id);
create index attempt_undelivered on attempt (tenant, delivery_id) where closes is not null and outcome = 0;
create index attempt_undelivered_subscription on attempt (subscription_id, delivery_id)
  where closes is not null and outcome = 0;

create table redelivery (
  delivery_id blob primary key,
  event_id blob not null,
  subscription_id blob not null,
  of blob,
  kind text not null,
  by blob
) without rowid;
create index redelivery_event on redelivery (event_id, delivery_id);

create table task (
  shard integer not null,
  due_ms integer not null,
  id blob not null,
  tenant blob not null,
  kind text not null,
  ref blob not null,
  n integer not null,
  payload blob not null,
  primary key (shard, due_ms, id)
) without rowid;

create table intent (
  delivery_id blob not null,
  n integer not null,
  times integer not null,
  primary key (delivery_id, n)
) without rowid;

-- owner: null when released by its owner or never held.
create table shard (
  shard integer primary key,
  owner blob,
  epoch integer not null,
  lease_until_ms integer not null
);

create table idem (
  tenant blob not null,
  scope text not null,
  key text not null,
  body_hash blob not null,
  answer blob not null,
  at_ms integer not null,
  primary key (tenant, scope, key)
);
create index idem_at on idem (at_ms);

-- event_ids: 16 bytes each.
create table receipt (
  id blob primary key,
  tenant blob not null,
  source_id blob not null,
  received_ms integer not null,
  method text not null,
  headers text not null,
  body blob not null,
  verdict text not null,
  outcome text not null,
  reason text,
  duplicate_of blob,
  body_differs integer not null,
  event_ids blob not null
);
create index receipt_tenant on receipt (tenant, id);
create index receipt_source on receipt (source_id, id);
create index receipt_rejected on receipt (source_id, id) where outcome = 'rejected';

create table fact (
  receipt_id blob not null,
  n integer not null,
  fact text not null,
  provenance text not null,
  primary key (receipt_id, n)
);

-- until_ms: null for ever.
create table receipt_key (
  source_id blob not null,
  key text not null,
  receipt_id blob not null,
  until_ms integer,
  primary key (source_id, key)
) without rowid;
create index receipt_key_until on receipt_key (until_ms) where until_ms is not null;
create index receipt_key_receipt on receipt_key (receipt_id);
