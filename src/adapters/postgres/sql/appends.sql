-- name: append_state
-- In place of event_exists: one look for a whole batch, at what is stored already and at the tenants' configuration.
-- What another node commits after it is caught by the unique keys: the batch is then decided again.
-- Looked up id by id: an array would be looked up in every partition.
select 'event' as kind, e.id, null::bigint as version
from unnest(:ids::uuid[]) as i(id) cross join lateral (select id from event where event.id = i.id limit 1) e
union all
select 'tenant', tenant, version from config_version where tenant = any(:tenants::uuid[]);

-- name: write
-- In place of insert_event, insert_due, insert_lane, open_lane, insert_task: all rows of a batch in one statement, where
-- SQLite inserts one by one.
with clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), events as (
  insert into event (id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms,
    source_kind, source_id, config_version, targets, body)
  select * from unnest(:event_ids::uuid[], :event_tenants::uuid[], :event_owners::text[], :event_types::text[],
    :event_external_ids::text[], :event_ordering_keys::text[], :event_tags::text[], :event_headers::text[],
    :event_occurred::bigint[], :event_accepted::bigint[], :event_source_kinds::text[], :event_source_ids::uuid[],
    :event_config_versions::bigint[], :event_targets::bytea[], :event_bodies::bytea[])
), dues as (
  insert into due (shard, due_ms, delivery_id, event_id, subscription_id, n, flags)
  select d.shard, clock.now_ms + d.delay_ms, d.delivery_id, d.event_id, d.subscription_id, 0, d.flags
  from clock, unnest(:due_shards::smallint[], :due_delays::bigint[], :due_deliveries::uuid[], :due_events::uuid[],
    :due_subscriptions::uuid[], :due_flags::smallint[]) as d(shard, delay_ms, delivery_id, event_id, subscription_id, flags)
), held as (
  select l.*, clock.now_ms
  from clock, unnest(:lane_shards::smallint[], :lane_delays::bigint[], :lane_deliveries::uuid[], :lane_events::uuid[],
    :lane_subscriptions::uuid[], :lane_flags::smallint[], :lane_keys::text[], :lane_positions::bigint[],
    :lane_reasons::text[])
    as l(shard, delay_ms, delivery_id, event_id, subscription_id, flags, key, pos, reason)
), lanes as (
  insert into lane (shard, subscription_id, key, pos, delivery_id, event_id, n, not_before_ms, flags)
  select shard, subscription_id, key, pos, delivery_id, event_id, 0, now_ms + delay_ms, flags from held
), states as (
  insert into lane_state (subscription_id, shard, reason, since_ms, probe_at_ms)
  select distinct on (subscription_id) subscription_id, shard, reason, now_ms, null::bigint from held
  order by subscription_id, pos
  on conflict do nothing
), tasks as (
  insert into task (shard, due_ms, id, tenant, kind, ref, n, payload)
  select t.shard, clock.now_ms + t.delay_ms, t.id, t.tenant, t.kind, t.ref, t.n, t.payload
  from clock, unnest(:task_shards::smallint[], :task_delays::bigint[], :task_ids::uuid[], :task_tenants::uuid[],
    :task_kinds::text[], :task_refs::uuid[], :task_ns::int[], :task_payloads::bytea[])
    as t(shard, delay_ms, id, tenant, kind, ref, n, payload)
), claims as (
  insert into idem (tenant, scope, key, body_hash, answer, at_ms)
  select c.*, clock.now_ms
  from clock, unnest(:claim_tenants::uuid[], :claim_scopes::text[], :claim_keys::text[], :claim_hashes::bytea[],
    :claim_answers::bytea[]) as c(tenant, scope, key, body_hash, answer)
)
select now_ms from clock;

-- name: event_tenant
select tenant from event where id = :id::uuid;

-- name: deliveries_made
-- In place of delivery_exists: asked for many at once.
select i.id from unnest(:ids::uuid[]) as i(id)
cross join lateral (
  (select from due where due.delivery_id = i.id limit 1)
  union all (select from lane where lane.delivery_id = i.id limit 1)
  union all (select from attempt where attempt.delivery_id = i.id limit 1)
  limit 1
) made;

-- name: delivery_tenant
select e.tenant
from (
  select event_id from due where delivery_id = :id::uuid
  union all select event_id from lane where delivery_id = :id::uuid
  union all select event_id from attempt where delivery_id = :id::uuid
  limit 1
) d cross join lateral (select tenant from event where event.id = d.event_id limit 1) e;

-- name: insert_redelivery
insert into redelivery (delivery_id, event_id, subscription_id, of, kind, by)
values (:delivery::uuid, :event::uuid, :subscription::uuid, :of::uuid, :kind::text, :by::uuid);

-- name: claim_of_key
select body_hash, answer from idem where tenant = :tenant::uuid and scope = :scope::text and key = :key::text;

-- name: claims_of_keys
-- PostgreSQL alone: asked for many at once.
select i.tenant, i.scope, i.key, i.body_hash, i.answer
from unnest(:tenants::uuid[], :scopes::text[], :keys::text[]) as c(tenant, scope, key)
cross join lateral (
  select * from idem where idem.tenant = c.tenant and idem.scope = c.scope and idem.key = c.key limit 1
) i;

-- name: insert_claim
insert into idem (tenant, scope, key, body_hash, answer, at_ms)
values (:tenant::uuid, :scope::text, :key::text, :body_hash::bytea, :answer::bytea, engine_ms(:clock_offset_ms::bigint))
on conflict do nothing;

-- name: drop_old_claims
-- By their places: such a row is never changed.
delete from idem using (
  select ctid as place from idem where at_ms < :before_ms::bigint order by at_ms limit :limit::int
) old
where idem.ctid = old.place;
