-- name: due_from_start
select shard, due_ms, delivery_id, event_id, subscription_id, n, flags from due
where shard = ? and due_ms <= ? order by due_ms, delivery_id limit ?;

-- name: due_after
select shard, due_ms, delivery_id, event_id, subscription_id, n, flags from due
where shard = :shard and due_ms <= :now and (due_ms, delivery_id) > (:due_ms, :delivery_id)
order by due_ms, delivery_id limit :limit;

-- name: due_of_delivery
select shard, due_ms, delivery_id, event_id, subscription_id, n, flags from due where delivery_id = ?;

-- name: lane_of_delivery
select shard, subscription_id, key, pos, delivery_id, event_id, n, not_before_ms, flags from lane where delivery_id = ?;

-- name: open_lane
insert into lane_state (subscription_id, shard, reason, since_ms, probe_at_ms) values (?, ?, ?, ?, null)
on conflict do nothing;

-- name: set_lane
insert into lane_state (subscription_id, shard, reason, since_ms, probe_at_ms) values (?, ?, ?, ?, ?)
on conflict (subscription_id, shard) do update set reason = excluded.reason, probe_at_ms = excluded.probe_at_ms,
  since_ms = case when reason = excluded.reason then since_ms else excluded.since_ms end;

-- name: lane_holds
select 1 as found from lane where shard = ? and subscription_id = ? limit 1;

-- name: close_lane
delete from lane_state where subscription_id = ? and shard = ?;

-- name: lanes_of_shard
select subscription_id, shard, reason, since_ms, probe_at_ms from lane_state where shard = ? order by subscription_id;

-- name: lane_run
select shard, subscription_id, key, pos, delivery_id, event_id, n, not_before_ms, flags from lane
where shard = ? and subscription_id = ? and key = ? and pos > ? order by pos limit ?;

-- name: lane_first_head
-- SQLite alone: no lateral join; the writer steps from key to key, one seek each.
select shard, subscription_id, key, pos, delivery_id, event_id, n, not_before_ms, flags from lane
where shard = ? and subscription_id = ? order by key, pos limit 1;

-- name: lane_next_head
select shard, subscription_id, key, pos, delivery_id, event_id, n, not_before_ms, flags from lane
where shard = ? and subscription_id = ? and key > ? order by key, pos limit 1;

-- name: event_within
-- SQLite alone: the length of a body stands in the row's header, so one that is too long is never read.
select id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms, source_kind,
  source_id, length(body) as bytes, case when length(body) <= ? then body end as body from event where id = ?;
