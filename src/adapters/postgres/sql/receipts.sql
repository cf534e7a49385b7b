-- name: receipt_outcome
select outcome, duplicate_of, body_differs from receipt where id = :id::uuid;

-- name: receipt_of_key
select k.receipt_id, r.body from receipt_key k join receipt r on r.id = k.receipt_id
where k.source_id = :source::uuid and k.key = :key::text and (k.until_ms is null or k.until_ms > :now::bigint);

-- name: set_receipt_key
insert into receipt_key (source_id, key, receipt_id, until_ms)
values (:source::uuid, :key::text, :receipt::uuid, :until::bigint)
on conflict (source_id, key) do update set receipt_id = excluded.receipt_id, until_ms = excluded.until_ms;

-- name: insert_receipt
insert into receipt (id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, reason, duplicate_of,
  body_differs, event_ids)
values (:id::uuid, :tenant::uuid, :source::uuid, :received::bigint, :method::text, :headers::text, :body::bytea,
  :verdict::text, :outcome::text, :reason::text, :duplicate_of::uuid, :body_differs::smallint, :event_ids::uuid[]);

-- name: insert_facts
-- In place of insert_fact: all in one statement.
insert into fact (receipt_id, n, fact, provenance)
select :receipt::uuid, f.n - 1, f.fact, f.provenance
from unnest(:facts::text[], :provenances::text[]) with ordinality as f(fact, provenance, n);

-- name: drop_rejected_beyond
-- In place of rejected_beyond, drop_receipt, drop_facts, drop_receipt_keys: one statement where SQLite drops one by one.
with gone as (
  delete from receipt where id in (
    select id from receipt where source_id = :source::uuid and outcome = 'rejected' order by id desc offset :kept::int
  ) returning id
), facts as (
  delete from fact using gone where receipt_id = gone.id
)
delete from receipt_key using gone where receipt_id = gone.id;

-- name: drop_old_receipt_keys
delete from receipt_key where (source_id, key) in (
  select source_id, key from receipt_key where until_ms is not null and until_ms <= :now::bigint
  order by until_ms limit :limit::int
);
