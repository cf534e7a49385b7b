-- name: receipts_state
-- In place of receipt_outcome, receipt_of_key: one look for a whole batch, at what is recorded already and at who holds
-- which key. Of their bodies digests, which are enough to compare them.
-- Looked up id by id: an array would be looked up in every partition.
with clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
)
select 'now' as kind, now_ms, null::uuid as id, null::uuid as duplicate_of, null::uuid as redelivery_of,
  null::smallint as body_differs, null::uuid as source_id, null::text as key, null::text as outcome,
  null::bigint as received_ms, null::bytea as digest
from clock
union all
select 'receipt', null, r.id, r.duplicate_of, r.redelivery_of, r.body_differs, null, null, null, null, null
from unnest(:ids::uuid[]) as i(id) cross join lateral (select * from receipt where receipt.id = i.id limit 1) r
union all
select 'key', null, k.receipt_id, null, null, null, k.source_id, k.key, r.outcome, r.received_ms, sha256(r.body)
from clock cross join unnest(:sources::uuid[], :keys::text[]) as i(source_id, key)
cross join lateral (
  select * from receipt_key where receipt_key.source_id = i.source_id and receipt_key.key = i.key limit 1
) k
cross join lateral (select outcome, received_ms, body from receipt where receipt.id = k.receipt_id limit 1) r
where k.until_ms is null or k.until_ms > clock.now_ms;

-- name: write_receipts
-- In place of insert_receipt, insert_fact, set_receipt_key: all rows of a batch in one statement, where SQLite inserts one
-- by one.
with receipts as (
  insert into receipt (id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of,
    body_differs, event_ids, redelivery_of, remote_address, proof, revision)
  select r.id, r.tenant, r.source_id, r.received_ms, r.method, r.headers, r.body, r.verdict, r.outcome, r.reason,
    r.duplicate_of, r.body_differs, r.event_ids::uuid[], r.redelivery_of, r.remote_address, r.proof, r.revision
  from unnest(:ids::uuid[], :tenants::uuid[], :sources::uuid[], :received::bigint[], :methods::text[], :headers::text[],
    :bodies::bytea[], :verdicts::text[], :outcomes::text[], :reasons::text[], :duplicates_of::uuid[],
    :body_differs::smallint[], :event_ids::text[], :redeliveries_of::uuid[], :remote_addresses::text[],
    :proofs::bytea[], :revisions::int[])
    as r(id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of, body_differs,
      event_ids, redelivery_of, remote_address, proof, revision)
), facts as (
  insert into fact (receipt_id, n, fact, provenance)
  select * from unnest(:fact_receipts::uuid[], :fact_ns::int[], :facts::text[], :fact_provenances::text[])
)
insert into receipt_key (source_id, key, receipt_id, until_ms)
select * from unnest(:key_sources::uuid[], :keys::text[], :key_receipts::uuid[], :key_untils::bigint[])
on conflict (source_id, key) do update set receipt_id = excluded.receipt_id, until_ms = excluded.until_ms;

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
