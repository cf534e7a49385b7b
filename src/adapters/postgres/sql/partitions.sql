-- PostgreSQL alone: SQLite has no partitions.

-- name: try_lock_partitions
-- Of the transaction. Who does not get it leaves it to the other one.
select pg_try_advisory_xact_lock(:space::int, hashtext(current_schema())) as locked;

-- name: missing_partitions
-- Read from the catalogue: what to_regclass() remembers may be older than the lock that was just won.
select t.name as "table", w.name as week
from unnest(:tables::text[]) as t(name) cross join unnest(:weeks::text[]) as w(name)
where not exists (
  select from pg_class c
  where c.relname = t.name || '_' || w.name and c.relnamespace = (
    select p.relnamespace from pg_class p where p.oid = to_regclass(t.name)
  )
)
order by week, "table";

-- name: make_partition
-- Made beside its table and then attached: only the DEFAULT partition is locked against all others, for as long as it
-- takes to see that it holds nothing of the week. The text of two statements, because names are no parameters.
select format(
  'create table %1$I (like %2$I including all); alter table %2$I attach partition %1$I for values from (%3$L) to (%4$L)',
  :table::text || '_' || :week::text, :table::text, :from::uuid, :below::uuid
) as ddl;

-- name: in_default.event
select 1 as found from event_default where id >= :from::uuid and id < :below::uuid limit 1;

-- name: in_default.attempt
select 1 as found from attempt_default where delivery_id >= :from::uuid and delivery_id < :below::uuid limit 1;

-- name: in_default.receipt
select 1 as found from receipt_default where id >= :from::uuid and id < :below::uuid limit 1;

-- name: in_default.fact
select 1 as found from fact_default where receipt_id >= :from::uuid and receipt_id < :below::uuid limit 1;
