-- PostgreSQL alone: transactions run beside each other, so what must not meet takes a lock. Advisory locks come before
-- any row is written, those of lanes last and in the order of their shards, so that no two wait for each other.

-- name: open_connection
-- PostgreSQL alone: what a new connection is set to, once.
-- Every statement here is made of seeks. A plan that was made while a table was empty would read all of it when it is
-- not, until the statistics catch up; so plans are made without looking at what tables and values are like. That is not
-- enough for joins, which may still walk a whole index: what grows is joined as `lateral (select … limit 1)`, or `offset
-- 0` where there may be more. Where rows are written, which cannot be lateral, they are found as `= any(array[one value])`
-- by the first column of an index, or by their ctid: neither leaves anything but a seek.
-- Bitmaps forget the order of an index, so that a page of a list would sort all of it; and no plan is worth compiling.
-- A commit that was acknowledged is durable (A1), even where the database was set to risk it; settings that wait for
-- more than that are left as they are.
-- lz4, where the server was built with it: as small as its other way, for half of the time or less
-- (docs/decisions/0015-how-bodies-are-sent-and-stored.md).
-- Not as the connection's startup parameters: poolers refuse those they do not know.
select
  set_config('plan_cache_mode', 'force_generic_plan', false),
  set_config('enable_seqscan', 'off', false),
  set_config('enable_bitmapscan', 'off', false),
  set_config('jit', 'off', false),
  case when exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any(enumvals))
    then set_config('default_toast_compression', 'lz4', false) end,
  set_config('statement_timeout', :statement_ms::int::text, false),
  set_config('idle_in_transaction_session_timeout', :idle_in_transaction_ms::int::text, false),
  case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', false) end;

-- name: begin
-- Whatever the database's default is: under a lock each statement must see what was committed before it began.
begin isolation level read committed;

-- name: begin_snapshot
-- PostgreSQL alone: a reader's statements, all of one moment.
begin isolation level repeatable read read only;

-- name: commit
commit;

-- name: rollback
rollback;

-- name: lock_tenant
-- PostgreSQL alone: changes of one tenant's configuration come one after the other.
select pg_advisory_xact_lock(:space::int, hashtext(:tenant::text));

-- name: lock_receipt_keys
-- PostgreSQL alone: of two receipts under one key the second must see the first. In the order of the numbers that are
-- locked, so that no two wait for each other.
select pg_advisory_xact_lock(:space::int, number) from (
  select distinct hashtext(source || key) as number from unnest(:sources::text[], :keys::text[]) as k(source, key)
) l order by number;

-- name: lock_holding
-- PostgreSQL alone: many may be held at once. Locks of rows would let them overtake a source that waits to go on.
select pg_advisory_xact_lock_shared(:space::int, number) from (
  select distinct hashtext(source) as number from unnest(:sources::text[]) as s(source)
) l order by number;

-- name: lock_going_on
-- PostgreSQL alone.
select pg_advisory_xact_lock(:space::int, hashtext(:source::text));

-- name: lock_lanes
-- PostgreSQL alone: a position is taken and committed under the lock of its shard, so that positions become visible in
-- their order: whoever has read up to one never finds a lower one later (O1).
select pg_advisory_xact_lock(:space::int, shard) from unnest(:shards::int[]) as l(shard) order by shard;

-- name: engine_ms
-- PostgreSQL alone: the clock is the server's.
select engine_ms(:clock_offset_ms::bigint) as now_ms;

-- name: reserve_pos
-- Positions in their order; SQLite keeps the last one in a row, having no sequences.
select nextval('lane_pos') as pos from generate_series(1, :count::int);

-- name: migrations_made
-- PostgreSQL alone: asked first, because a role that may not create tables can still use those there are.
select to_regclass('migration') is not null as made;

-- name: make_migrations
create table if not exists migration (
  version int primary key,
  name text not null,
  checksum text not null,
  kind text not null
);

-- name: migrations
-- With their kinds: older and newer programs are on one database at once.
select version, name, checksum, kind from migration order by version;

-- name: note_migration
insert into migration (version, name, checksum, kind)
values (:version::int, :name::text, :checksum::text, :kind::text);

-- name: meta
select value from meta where name = :name::text;

-- name: set_meta
insert into meta (name, value) values (:name::text, :value::bigint)
on conflict (name) do update set value = greatest(meta.value, excluded.value);
