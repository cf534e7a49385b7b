-- In place of slices.events, slices.due, slices.lane, slices.attempt, slices.attempt_undelivered,
-- slices.due_of_subscription, slices.lane_of_subscription, slices.attempt_of_subscription,
-- slices.attempt_undelivered_of_subscription, slices.receipts, slices.receipts_of_source, slices.newest, slices.oldest,
-- receipts.tenant: nothing. A running statement can be interrupted and others run beside it, so
-- a list is one statement and not a walk in slices. A list that has an index of its own names range and order by all columns of
-- that index: by ids alone, the planner would rather walk those of everybody and drop what does not fit.

-- name: events
select id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms, source_kind,
  source_id, body
from event where (tenant, id) < (:tenant::uuid, :below::uuid) and (tenant, id) >= (:tenant::uuid, :from::uuid)

-- name: events.type
and type = :type::text

-- name: events.owner
-- Whole segments, side by side: this owner and what is below it. SQLite has `instr` for `position`.
and position('/' || :owner::text || '/' in '/' || owner || '/') > 0

-- name: events.newest
order by tenant desc, id desc limit :limit::int offset :skipped::int

-- name: events.oldest
order by tenant, id limit :limit::int

-- name: event
select id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms, source_kind,
  source_id, body, config_version, targets
from event where id = :id::uuid and tenant = :tenant::uuid;

-- name: event_targets
-- PostgreSQL alone: a list of an event's deliveries needs no body.
select targets from event where id = :id::uuid and tenant = :tenant::uuid;

-- The limit inside `lateral` keeps the planner at the index of the range; it would rather join all of it, then sort.

-- name: deliveries.due
select d.delivery_id as id from due d
cross join lateral (select tenant, type from event where event.id = d.event_id limit 1) e
where e.tenant = :tenant::uuid

-- name: deliveries.lane
select d.delivery_id as id from lane d
cross join lateral (select tenant, type from event where event.id = d.event_id limit 1) e
where e.tenant = :tenant::uuid

-- name: deliveries.closed
select d.delivery_id as id from attempt d
cross join lateral (select tenant, type from event where event.id = d.event_id limit 1) e
where e.tenant = :tenant::uuid and d.closes is not null

-- name: deliveries.undelivered
and d.outcome = 0

-- name: deliveries.pending
and d.n = 0

-- name: deliveries.retrying
and d.n > 0

-- name: deliveries.closing
and d.closes = :closes::text

-- name: deliveries.failing
and d.closes in ('failed_permanent', 'expired')

-- name: deliveries.range
-- PostgreSQL alone, like the others that say which index is walked.
and d.delivery_id < :below::uuid and d.delivery_id >= :from::uuid

-- name: deliveries.range_of_tenant
-- PostgreSQL alone.
and (d.tenant, d.delivery_id) < (:tenant::uuid, :below::uuid)
and (d.tenant, d.delivery_id) >= (:tenant::uuid, :from::uuid)

-- name: deliveries.range_of_subscription
-- In place of deliveries.subscription: a range, which is one of that subscription.
and (d.subscription_id, d.delivery_id) < (:subscription::uuid, :below::uuid)
and (d.subscription_id, d.delivery_id) >= (:subscription::uuid, :from::uuid)

-- name: deliveries.type
and e.type = :type::text

-- name: deliveries.visible
and (select s.deleted_ms from subscription s where s.id = d.subscription_id) is null

-- name: deliveries.newest
order by d.delivery_id desc limit :limit::int

-- name: deliveries.oldest
order by d.delivery_id limit :limit::int

-- name: deliveries.newest_of_tenant
-- PostgreSQL alone, like the others that say which index is walked.
order by d.tenant desc, d.delivery_id desc limit :limit::int

-- name: deliveries.oldest_of_tenant
-- PostgreSQL alone.
order by d.tenant, d.delivery_id limit :limit::int

-- name: deliveries.newest_of_subscription
-- PostgreSQL alone.
order by d.subscription_id desc, d.delivery_id desc limit :limit::int

-- name: deliveries.oldest_of_subscription
-- PostgreSQL alone.
order by d.subscription_id, d.delivery_id limit :limit::int

-- name: redeliveries_of_event
select delivery_id as id from redelivery where event_id = :event::uuid;

-- name: delivery_views
-- In place of redelivery, subscription_hidden, event_summary, last_attempt, sent_attempts: a page in one
-- statement and so in one snapshot, where SQLite asks table by table.
select i.id as delivery_id, coalesce(d.shard, l.shard) as shard, d.due_ms, l.key, l.pos, l.not_before_ms, e.id as event_id,
  s.subscription_id, coalesce(d.n, l.n, 0) as n, coalesce(d.flags, l.flags, 0) as flags,
  ls.reason as hold, ls.since_ms as hold_since_ms, ls.probe_at_ms as hold_probe_at_ms,
  e.tenant as event_tenant, e.type, e.owner, e.accepted_ms,
  r.kind, r.of, sent.count as sent_attempts,
  a.n as try_n, a.sub_version, a.tenant, a.at_ms, a.sent, a.outcome, a.code, a.class, a.response_ms, a.closes, a.detail,
  a.response_body
from unnest(:ids::uuid[]) with ordinality as i(id, at)
left join lateral (select * from due where due.delivery_id = i.id limit 1) d on true
left join lateral (select * from lane where lane.delivery_id = i.id limit 1) l on true
left join lateral (select * from attempt where delivery_id = i.id order by n desc limit 1) a on true
cross join lateral (
  select coalesce(d.subscription_id, l.subscription_id, a.subscription_id) as subscription_id,
    coalesce(d.event_id, l.event_id, a.event_id) as event_id
) s
cross join lateral (select id, tenant, type, owner, accepted_ms from event where event.id = s.event_id limit 1) e
left join lateral (
  select reason, since_ms, probe_at_ms from lane_state
  where lane_state.subscription_id = l.subscription_id and lane_state.shard = l.shard limit 1
) ls on true
left join lateral (select kind, of from redelivery where redelivery.delivery_id = i.id limit 1) r on true
cross join lateral (select count(*) as count from attempt where delivery_id = i.id and sent = 1) sent
where e.tenant = :tenant::uuid and (select deleted_ms from subscription where id = s.subscription_id) is null
order by i.at;

-- name: attempts_before_last
-- In place of attempt_before_last: those of a page at once.
select a.delivery_id, a.n as try_n, a.event_id, a.subscription_id, a.sub_version, a.tenant, a.at_ms, a.sent, a.outcome,
  a.code, a.class, a.response_ms, a.closes, a.detail, a.response_body
from unnest(:ids::uuid[]) as i(id)
cross join lateral (select * from attempt where delivery_id = i.id order by n desc limit 1 offset 1) a;

-- name: lane_state
select subscription_id, shard, reason, since_ms, probe_at_ms from lane_state
where subscription_id = :subscription::uuid and shard = :shard::smallint;

-- name: attempts
select delivery_id, n as try_n, event_id, subscription_id, sub_version, tenant, at_ms, sent, outcome, code, class,
  response_ms, closes, detail, response_body
from attempt where delivery_id = :id::uuid and tenant = :tenant::uuid order by n;

-- name: open_of_subscription
-- The tickets themselves, in one snapshot; SQLite asks for them by their ids.
select shard, due_ms, null::text as key, null::bigint as pos, null::bigint as not_before_ms, delivery_id, event_id,
  subscription_id, n, flags
from due where subscription_id = :subscription::uuid
union all
select shard, null, key, pos, not_before_ms, delivery_id, event_id, subscription_id, n, flags
from lane where subscription_id = :subscription::uuid
limit :limit::int;

-- name: receipts
select id, tenant, source_id, received_ms, method, headers, substr(body, 1, :body_bytes::int) as body, verdict, outcome,
  reason, duplicate_of, body_differs, event_ids, redelivery_of, remote_address, proof, revision
from receipt where true

-- name: receipts.range_of_tenant
-- PostgreSQL alone, like the others that say which index is walked.
and (tenant, id) < (:tenant::uuid, :below::uuid) and (tenant, id) >= (:tenant::uuid, :from::uuid)

-- name: receipts.range_of_source
-- In place of receipts.source: a range, which is one of that source. The tenant is compared in a way that no index helps.
and tenant is not distinct from :tenant::uuid
and (source_id, id) < (:source::uuid, :below::uuid) and (source_id, id) >= (:source::uuid, :from::uuid)

-- name: receipts.outcome
and outcome = :outcome::text

-- name: receipts.rejected
-- PostgreSQL alone: a statement made for every outcome could not use the index of this one.
and outcome = 'rejected'

-- name: receipts.newest_of_tenant
-- In place of receipts.newest: by all columns of the index that is walked.
order by tenant desc, id desc limit :limit::int offset :skipped::int

-- name: receipts.oldest_of_tenant
-- In place of receipts.oldest: by all columns of the index that is walked.
order by tenant, id limit :limit::int

-- name: receipts.newest_of_source
-- PostgreSQL alone.
order by source_id desc, id desc limit :limit::int offset :skipped::int

-- name: receipts.oldest_of_source
-- PostgreSQL alone.
order by source_id, id limit :limit::int

-- name: receipt
select id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of, body_differs,
  event_ids, redelivery_of, remote_address, proof, revision
from receipt where id = :id::uuid and tenant = :tenant::uuid;

-- name: held_receipts
-- In place of held_sizes: with all they are. The length of a body is known without reading it.
select id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of, body_differs,
  event_ids, redelivery_of, remote_address, proof, revision
from (
  select held.*, row_number() over oldest as nth, sum(octet_length(body)) over oldest as bytes
  from (
    select * from receipt where source_id = :source::uuid and outcome = 'held'
    order by source_id, received_ms, id limit :limit::int
  ) held
  window oldest as (order by received_ms, id rows unbounded preceding)
) summed
where nth = 1 or bytes <= :bytes::bigint order by nth;

-- name: facts
-- PostgreSQL alone: asked for many receipts at once.
select f.receipt_id, f.fact, f.provenance
from unnest(:receipts::uuid[]) as r(id)
cross join lateral (select * from fact where fact.receipt_id = r.id offset 0) f
order by f.receipt_id, f.n;

-- name: pulse
-- In place of oldest_due: one statement over all shards.
select engine_ms(:clock_offset_ms::bigint) as now_ms,
  (
    select min(d.due_ms) from generate_series(0, :shards::int - 1) as s(shard)
    cross join lateral (select due_ms from due where due.shard = s.shard order by due_ms limit 1) d
  ) as oldest_due_ms;
