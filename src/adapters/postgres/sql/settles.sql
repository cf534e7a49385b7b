-- name: settle
-- In place of take_due, take_lane, postpone_lane, insert_attempt, any_intent, drop_intents, set_health: one statement for
-- a batch, where SQLite settles one by one. The deletes are the compare-and-swap of S1: no row, no settle, and everything
-- else follows from the rows that were there. So an attempt is written once, and one that is there already is a bug. An
-- ordered retry is an update: it keeps its place, so that nothing overtakes it (O1).
-- Rows are found by the ids of their deliveries; what else must be the same is compared in a way that no index helps. See
-- connection.sql: a plan that was made while nothing was due would otherwise read all that is due later.
with clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), o as materialized (
  select * from unnest(:at::int[], :shards::smallint[], :dues::bigint[], :keys::text[], :positions::bigint[],
    :not_befores::bigint[], :deliveries::uuid[], :events::uuid[], :subscriptions::uuid[], :ns::int[],
    :flags::smallint[], :nexts::text[], :next_ns::int[], :delays::bigint[], :next_keys::text[],
    :next_positions::bigint[], :reasons::text[])
    as o(at, shard, due_ms, key, pos, not_before_ms, delivery_id, event_id, subscription_id, n,
      flags, next, next_n, delay_ms, next_key, next_pos, reason)
), gone_due as (
  delete from due d using o
  where o.due_ms is not null and d.delivery_id = any(array[o.delivery_id]) and d.shard is not distinct from o.shard
    and d.due_ms is not distinct from o.due_ms and d.n is not distinct from o.n
  returning o.at
), gone_lane as (
  delete from lane l using o
  where o.due_ms is null and o.next <> 'keep' and l.delivery_id = any(array[o.delivery_id])
    and l.shard is not distinct from o.shard and l.subscription_id is not distinct from o.subscription_id
    and l.key is not distinct from o.key and l.pos is not distinct from o.pos and l.n is not distinct from o.n
    and l.not_before_ms is not distinct from o.not_before_ms
  returning o.at
), kept as (
  update lane l set n = o.next_n, not_before_ms = clock.now_ms + o.delay_ms
  from o, clock
  where o.due_ms is null and o.next = 'keep' and l.delivery_id = any(array[o.delivery_id])
    and l.shard is not distinct from o.shard and l.subscription_id is not distinct from o.subscription_id
    and l.key is not distinct from o.key and l.pos is not distinct from o.pos and l.n is not distinct from o.n
    and l.not_before_ms is not distinct from o.not_before_ms
  returning o.at
), won as materialized (
  select at from gone_due union all select at from gone_lane union all select at from kept
), attempts as (
  insert into attempt (delivery_id, n, event_id, subscription_id, sub_version, tenant, at_ms, sent, outcome, code, class,
    response_ms, closes, detail, response_body)
  select o.delivery_id, a.n, o.event_id, o.subscription_id, a.sub_version, a.tenant, a.at_ms, a.sent, a.outcome, a.code,
    a.class, a.response_ms, a.closes, a.detail, a.response_body
  from won join o using (at) join unnest(:try_at::int[], :try_ns::int[], :try_versions::int[], :try_tenants::uuid[],
    :try_times::bigint[], :try_sent::smallint[], :try_outcomes::smallint[], :try_codes::int[], :try_classes::text[],
    :try_responses::float8[], :try_closes::text[], :try_details::text[], :try_bodies::bytea[])
    as a(at, n, sub_version, tenant, at_ms, sent, outcome, code, class, response_ms, closes, detail, response_body)
    using (at)
), dues as (
  insert into due (shard, due_ms, delivery_id, event_id, subscription_id, n, flags)
  select o.shard, clock.now_ms + o.delay_ms, o.delivery_id, o.event_id, o.subscription_id, o.next_n, o.flags
  from clock, won join o using (at) where o.next = 'due'
), lanes as (
  insert into lane (shard, subscription_id, key, pos, delivery_id, event_id, n, not_before_ms, flags)
  select o.shard, o.subscription_id, o.next_key, o.next_pos, o.delivery_id, o.event_id, o.next_n,
    clock.now_ms + o.delay_ms, o.flags
  from clock, won join o using (at) where o.next = 'lane'
), states as (
  insert into lane_state (subscription_id, shard, reason, since_ms, probe_at_ms)
  select distinct on (o.subscription_id) o.subscription_id, o.shard, o.reason, clock.now_ms, null::bigint
  from clock, won join o using (at) where o.next = 'lane'
  order by o.subscription_id, o.next_pos
  on conflict do nothing
), intents as (
  delete from intent i using won join o using (at) where i.delivery_id = any(array[o.delivery_id])
), healths as (
  update subscription s set consecutive_failures = h.failures, first_failure_ms = h.first_failure_ms,
    last_delivery_ms = h.last_delivery_ms, last_status_code = h.last_status_code, last_success_ms = h.last_success_ms,
    last_failure_ms = h.last_failure_ms, told_percent = h.told_percent
  from unnest(:health_ids::uuid[], :health_failures::int[], :health_first_failures::bigint[],
    :health_deliveries::bigint[], :health_codes::int[], :health_successes::bigint[], :health_last_failures::bigint[],
    :health_told::smallint[])
    as h(id, failures, first_failure_ms, last_delivery_ms, last_status_code, last_success_ms, last_failure_ms,
      told_percent)
  where s.id = any(array[h.id])
)
select now_ms, array(select at from won) as won from clock;

-- name: attempt_times
-- In place of attempt_at: asked for many at once.
select a.delivery_id, a.n, a.at_ms
from unnest(:ids::uuid[], :ns::int[]) as i(id, n)
cross join lateral (select * from attempt where attempt.delivery_id = i.id and attempt.n = i.n limit 1) a;

-- name: intend
insert into intent (delivery_id, n, times) values (:delivery::uuid, :n::int, 1)
on conflict (delivery_id, n) do update set times = intent.times + 1
returning times;
