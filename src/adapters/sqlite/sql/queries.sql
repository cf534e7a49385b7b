-- Lists are walked in slices of an id range, newest or oldest first, so that no statement runs long: a running one cannot
-- be interrupted. `slices` find where one ends. SQLite alone: `cross join` and `+` keep the planner on the index
-- of the range; it would rather start at the tenant.

-- name: slices.newest
order by id desc limit 1 offset :slice

-- name: slices.oldest
order by id limit 1 offset :slice

-- name: slices.events
select id from event where tenant = :tenant and id < :below and id >= :from

-- name: events
select id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms, source_kind,
  source_id, body
from event where tenant = :tenant and id < :below and id >= :from

-- name: events.type
and type = :type

-- name: events.owner
-- Whole segments, side by side: this owner and what is below it. PostgreSQL has `position` for `instr`.
and instr('/' || owner || '/', '/' || :owner || '/') > 0

-- name: events.newest
order by id desc limit :limit

-- name: events.oldest
order by id limit :limit

-- name: event
select id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms, source_kind,
  source_id, body, config_version, targets
from event where id = ? and tenant = ?;

-- name: slices.due
select delivery_id as id from due where delivery_id < :below and delivery_id >= :from

-- name: slices.lane
select delivery_id as id from lane where delivery_id < :below and delivery_id >= :from

-- name: slices.attempt
select delivery_id as id from attempt where delivery_id < :below and delivery_id >= :from

-- name: slices.attempt_undelivered
select delivery_id as id from attempt
where tenant = :tenant and delivery_id < :below and delivery_id >= :from and closes is not null and outcome = 0

-- name: slices.due_of_subscription
select delivery_id as id from due where subscription_id = :subscription and delivery_id < :below and delivery_id >= :from

-- name: slices.lane_of_subscription
select delivery_id as id from lane
where subscription_id = :subscription and delivery_id < :below and delivery_id >= :from

-- name: slices.attempt_of_subscription
select delivery_id as id from attempt
where subscription_id = :subscription and delivery_id < :below and delivery_id >= :from

-- name: slices.attempt_undelivered_of_subscription
select delivery_id as id from attempt
where subscription_id = :subscription and delivery_id < :below and delivery_id >= :from
  and closes is not null and outcome = 0

-- name: deliveries.due
select d.delivery_id as id from due d cross join event e on e.id = d.event_id
where d.delivery_id < :below and d.delivery_id >= :from

-- name: deliveries.lane
select d.delivery_id as id from lane d cross join event e on e.id = d.event_id
where d.delivery_id < :below and d.delivery_id >= :from

-- name: deliveries.closed
select d.delivery_id as id from attempt d cross join event e on e.id = d.event_id
where d.delivery_id < :below and d.delivery_id >= :from and d.closes is not null

-- name: deliveries.undelivered
and d.outcome = 0 and d.tenant = :tenant

-- name: deliveries.pending
and d.n = 0

-- name: deliveries.retrying
and d.n > 0

-- name: deliveries.closing
and d.closes = :closes

-- name: deliveries.failing
and d.closes in ('failed_permanent', 'expired')

-- name: deliveries.subscription
and d.subscription_id = :subscription

-- name: deliveries.type
and e.type = :type

-- name: deliveries.visible
and e.tenant = :tenant and not exists (
  select 1 from subscription s where s.id = d.subscription_id and s.deleted_ms is not null
)

-- name: deliveries.newest
order by d.delivery_id desc limit :limit

-- name: deliveries.oldest
order by d.delivery_id limit :limit

-- name: redeliveries_of_event
select delivery_id as id from redelivery where event_id = ?;

-- name: redelivery
select kind, of from redelivery where delivery_id = ?;

-- name: subscription_hidden
select 1 as found from subscription where id = ? and deleted_ms is not null;

-- name: lane_state
select subscription_id, shard, reason, since_ms, probe_at_ms from lane_state where subscription_id = ? and shard = ?;

-- name: event_summary
select id, tenant, type, owner, accepted_ms from event where id = ?;

-- name: attempts
select delivery_id, n, event_id, subscription_id, sub_version, tenant, at_ms, sent, outcome, code, class, response_ms,
  closes, detail, response_body
from attempt where delivery_id = ? order by n;

-- name: last_attempt
select delivery_id, n, event_id, subscription_id, sub_version, tenant, at_ms, sent, outcome, code, class, response_ms,
  closes, detail, response_body
from attempt where delivery_id = ? order by n desc limit 1;

-- name: attempt_before_last
select delivery_id, n, event_id, subscription_id, sub_version, tenant, at_ms, sent, outcome, code, class, response_ms,
  closes, detail, response_body
from attempt where delivery_id = ? order by n desc limit 1 offset 1;

-- name: sent_attempts
select count(*) as count from attempt where delivery_id = ? and sent = 1;

-- name: open_of_subscription
select delivery_id as id from due where subscription_id = :subscription
union all select delivery_id from lane where subscription_id = :subscription
limit :limit;

-- name: slices.receipts
select id from receipt where tenant = :tenant and id < :below and id >= :from

-- name: slices.receipts_of_source
select id from receipt where source_id = :source and id < :below and id >= :from

-- name: receipts
-- SQLite alone: the substr of an empty blob is null.
select id, tenant, source_id, received_ms, method, headers, coalesce(substr(body, 1, :body_bytes), x'') as body,
  verdict, outcome, reason, duplicate_of, body_differs, event_ids, redelivery_of, remote_address, proof, revision
from receipt where id < :below and id >= :from

-- name: receipts.tenant
and tenant = :tenant

-- name: receipts.source
and source_id = :source and +tenant = :tenant

-- name: receipts.outcome
and outcome = :outcome

-- name: receipts.newest
order by id desc limit :limit

-- name: receipts.oldest
order by id limit :limit

-- name: receipt
select id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of, body_differs,
  event_ids, redelivery_of, remote_address, proof, revision
from receipt where id = ? and tenant = ?;

-- name: held_sizes
-- The length of a blob is known without reading it.
select id, tenant, length(body) as bytes from receipt
where source_id = ? and outcome = 'held' order by received_ms, id limit ?;

-- name: facts
select fact, provenance from fact where receipt_id = ? order by n;

-- name: oldest_due
select due_ms from due where shard = ? order by due_ms limit 1;
