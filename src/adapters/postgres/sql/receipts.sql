-- name: receipt_outcome
select duplicate_of, body_differs, redelivery_of from receipt where id = :id::uuid;

-- name: receipt_of_key
select k.receipt_id, r.outcome, r.received_ms, r.body
from receipt_key k cross join lateral (select outcome, received_ms, body from receipt where receipt.id = k.receipt_id limit 1) r
where k.source_id = :source::uuid and k.key = :key::text and (k.until_ms is null or k.until_ms > :now::bigint);

-- name: set_receipt_key
insert into receipt_key (source_id, key, receipt_id, until_ms)
values (:source::uuid, :key::text, :receipt::uuid, :until::bigint)
on conflict (source_id, key) do update set receipt_id = excluded.receipt_id, until_ms = excluded.until_ms;

-- name: insert_receipt
insert into receipt (id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of,
  body_differs, event_ids, redelivery_of, remote_address, proof, revision)
values (:id::uuid, :tenant::uuid, :source::uuid, :received::bigint, :method::text, :headers::text, :body::bytea,
  :verdict::text, :outcome::text, :reason::text, :duplicate_of::uuid, :body_differs::smallint, :event_ids::uuid[],
  :redelivery_of::uuid, :remote_address::text, :proof::bytea, :revision::int);

-- name: receipt_source
-- PostgreSQL alone: what is locked first has to be known before.
select source_id from receipt where id = :id::uuid and tenant = :tenant::uuid;

-- name: receipt_standing
-- Held until the end of the transaction: of two revisions of one number the second sees what the first has made.
select source_id, outcome, duplicate_of, body_differs, event_ids, revision
from receipt where id = :id::uuid and tenant = :tenant::uuid for update;

-- name: revise_receipt
update receipt set verdict = :verdict::text, outcome = :outcome::text, reason = :reason::text,
  duplicate_of = :duplicate_of::uuid, body_differs = :body_differs::smallint, event_ids = :event_ids::uuid[],
  revision = :revision::int, proof = null
where id = :id::uuid;

-- name: drop_facts
delete from fact where receipt_id = :receipt::uuid;

-- name: insert_facts
-- In place of insert_fact: all in one statement.
insert into fact (receipt_id, n, fact, provenance)
select :receipt::uuid, f.n - 1, f.fact, f.provenance
from unnest(:facts::text[], :provenances::text[]) with ordinality as f(fact, provenance, n);

-- name: drop_rejected_beyond
-- In place of rejected_beyond, drop_receipt, drop_receipt_keys: one statement where SQLite drops one by one.
-- Arrays, because a join may be made by reading all of the other table. The outcome is compared again, in a way that no
-- index helps: one that was accepted meanwhile stays.
with gone as (
  delete from receipt where id = any(array(
    select id from receipt where source_id = :source::uuid and outcome = 'rejected'
    order by source_id desc, id desc offset :kept::int
  )) and coalesce(outcome = 'rejected', false) returning id
), facts as (
  delete from fact where receipt_id = any(array(select id from gone))
)
delete from receipt_key where receipt_id = any(array(select id from gone));

-- name: drop_old_rejected
-- In place of rejected_before: the same for those that are old. What another transaction is at stays for the next slice,
-- so that nobody waits for housekeeping, nor it for anybody.
with old as materialized (
  select id from receipt where outcome = 'rejected' and received_ms >= 0 and received_ms < :before_ms::bigint
  order by received_ms limit :limit::int for update skip locked
), gone as (
  delete from receipt where id = any(array(select id from old)) returning id
), facts as (
  delete from fact where receipt_id = any(array(select id from gone))
)
delete from receipt_key where receipt_id = any(array(select id from gone));

-- name: drop_old_receipt_keys
-- By their places, and compared again in a way that no index helps: another process may give a key to a new receipt
-- meanwhile.
delete from receipt_key k using (
  select ctid as place from receipt_key where until_ms is not null and until_ms <= :now::bigint
  order by until_ms limit :limit::int
) old
where k.ctid = old.place and coalesce(k.until_ms <= :now::bigint, false);
