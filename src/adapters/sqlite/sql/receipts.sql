-- name: receipt_outcome
select duplicate_of, body_differs, redelivery_of from receipt where id = ?;

-- name: receipt_of_key
select k.receipt_id, r.outcome, r.received_ms, r.body from receipt_key k join receipt r on r.id = k.receipt_id
where k.source_id = ? and k.key = ? and (k.until_ms is null or k.until_ms > ?);

-- name: set_receipt_key
insert into receipt_key (source_id, key, receipt_id, until_ms) values (?, ?, ?, ?)
on conflict (source_id, key) do update set receipt_id = excluded.receipt_id, until_ms = excluded.until_ms;

-- name: insert_receipt
insert into receipt (id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of,
  body_differs, event_ids, redelivery_of, remote_address, proof, revision)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: receipt_standing
select source_id, outcome, duplicate_of, body_differs, event_ids, revision from receipt where id = ? and tenant = ?;

-- name: revise_receipt
update receipt set verdict = ?, outcome = ?, reason = ?, duplicate_of = ?, body_differs = ?, event_ids = ?,
  revision = ?, proof = null
where id = ?;

-- name: insert_fact
insert into fact (receipt_id, n, fact, provenance) values (?, ?, ?, ?);

-- name: rejected_beyond
-- SQLite alone: -1 means no limit.
select id from receipt where source_id = ? and outcome = 'rejected' order by id desc limit -1 offset ?;

-- name: rejected_before
select id from receipt where outcome = 'rejected' and received_ms < ? order by received_ms limit ?;

-- name: drop_receipt
delete from receipt where id = ?;

-- name: drop_facts
delete from fact where receipt_id = ?;

-- name: drop_receipt_keys
delete from receipt_key where receipt_id = ?;

-- name: drop_old_receipt_keys
delete from receipt_key where (source_id, key) in (
  select source_id, key from receipt_key where until_ms is not null and until_ms <= ? limit ?
);
