-- name: take_due
-- The compare-and-swap of S1: no row, no settle.
delete from due where shard = ? and due_ms = ? and delivery_id = ? and n = ?;

-- name: take_lane
delete from lane
where shard = ? and subscription_id = ? and key = ? and pos = ? and delivery_id = ? and n = ? and not_before_ms = ?;

-- name: postpone_lane
-- An ordered retry keeps its place, so that nothing overtakes it (O1).
update lane set n = ?, not_before_ms = ?
where shard = ? and subscription_id = ? and key = ? and pos = ? and delivery_id = ? and n = ? and not_before_ms = ?;

-- name: insert_attempt
insert into attempt (delivery_id, n, event_id, subscription_id, sub_version, tenant, at_ms, sent, outcome, code, class,
  response_ms, closes, detail, response_body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing;

-- name: attempt_at
select at_ms from attempt where delivery_id = ? and n = ?;

-- name: drop_intents
delete from intent where delivery_id = ?;

-- name: any_intent
select 1 as found from intent limit 1;

-- name: intend
insert into intent (delivery_id, n, times) values (?, ?, 1) on conflict (delivery_id, n) do update set times = times + 1
returning times;

-- name: set_health
update subscription set consecutive_failures = ?, first_failure_ms = ?, last_delivery_ms = ?, last_status_code = ?,
  last_success_ms = ?, last_failure_ms = ?, told_percent = ?
where id = ?;
