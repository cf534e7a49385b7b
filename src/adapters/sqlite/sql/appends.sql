-- name: event_exists
select 1 as found from event where id = ?;

-- name: event_tenant
select tenant from event where id = ?;

-- name: insert_event
insert into event (id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms,
  source_kind, source_id, config_version, targets, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing;

-- name: insert_due
insert into due (shard, due_ms, delivery_id, event_id, subscription_id, n, flags) values (?, ?, ?, ?, ?, ?, ?);

-- name: insert_lane
insert into lane (shard, subscription_id, key, pos, delivery_id, event_id, n, not_before_ms, flags)
values (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: delivery_exists
select 1 as found from due where delivery_id = ?
union all select 1 from lane where delivery_id = ?
union all select 1 from attempt where delivery_id = ?
limit 1;

-- name: delivery_tenant
select e.tenant as tenant
from (
  select event_id from due where delivery_id = :id
  union all select event_id from lane where delivery_id = :id
  union all select event_id from attempt where delivery_id = :id
  limit 1
) d join event e on e.id = d.event_id;

-- name: insert_redelivery
insert into redelivery (delivery_id, event_id, subscription_id, of, kind, by) values (?, ?, ?, ?, ?, ?);

-- name: insert_task
insert into task (shard, due_ms, id, tenant, kind, ref, n, payload) values (?, ?, ?, ?, ?, ?, ?, ?);

-- name: claim_of_key
select body_hash, answer from idem where tenant = ? and scope = ? and key = ?;

-- name: insert_claim
insert into idem (tenant, scope, key, body_hash, answer, at_ms) values (?, ?, ?, ?, ?, ?) on conflict do nothing;

-- name: drop_old_claims
-- SQLite alone: `delete … limit` is a compile-time option, so the slice is bounded by a subquery.
delete from idem where rowid in (select rowid from idem where at_ms < ? limit ?);
