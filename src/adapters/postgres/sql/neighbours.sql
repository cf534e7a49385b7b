-- PostgreSQL alone: other processes on the same database. All but config_versions run on the line, a connection of the
-- process's own.

-- name: open_line
-- Lock and hints end with the connection, so the server must learn soon of a host that is lost; but not before that host
-- has given the connection up, which it does after 3 s. Ignored between processes of one machine.
select pg_backend_pid() as pid,
  set_config('tcp_keepalives_idle', '2', false),
  set_config('tcp_keepalives_interval', '1', false),
  set_config('tcp_keepalives_count', '3', false),
  set_config('tcp_user_timeout', '5000', false),
  set_config('default_transaction_isolation', 'read committed', false);

-- name: hear
-- Channels are the database's: that of an install is named by the identity of one of its tables.
do $$ begin execute format('listen %I', 'hookyard_' || 'shard'::regclass::oid); end $$;

-- name: hold_owners
-- The lock that tells others of the life of an owner. Not waited for: it is another's with the same 32 bits, or one looks
-- at it just now.
select id from unnest(:owners::uuid[]) as o(id) where pg_try_advisory_lock(:space::int, owner_lock(id));

-- name: attend
-- A lock that can be had for a moment is nobody's: its owner is silent. Those who look share it, so that they do not take
-- each other for the owner. Said for a fifth longer than asked, so that not every attendance has to write; and what a
-- crash of the server loses of it is said again soon, so nothing waits for the disk. The table of shards has many dead
-- rows when something keeps them from being cleaned, so it is read only for those whose time is up.
with clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms, set_config('synchronous_commit', 'off', true)
), said as (
  insert into node (id, until_ms) select :owner::uuid, now_ms + :ttl::bigint * 6 / 5 from clock
  where not exists (
    select from node
    where id = :owner::uuid and until_ms between now_ms + :ttl::bigint and now_ms + :ttl::bigint * 6 / 5
  )
  on conflict (id) do update set until_ms = excluded.until_ms
), other as materialized (
  select id, until_ms > now_ms as present,
    case when until_ms > now_ms then true else exists (select from shard s where s.owner = n.id) end as counts,
    case when id <> all(:mine::uuid[]) then pg_try_advisory_xact_lock_shared(:space::int, owner_lock(id)) end as silent
  from node n, clock where id <> :owner::uuid
), forgotten as (
  delete from node where id in (
    select n.id from node n join other o using (id) cross join clock
    where not o.counts and n.until_ms <= now_ms for update of n skip locked
  )
)
select now_ms,
  case when :hold::boolean then pg_try_advisory_lock(:space::int, owner_lock(:owner::uuid)) else true end as held,
  array(select id from other where present union select :owner::uuid order by id) as present,
  array(select id from other where counts and silent order by id) as silent
from clock;

-- name: depart
with gone as (
  delete from node where id = :owner::uuid
)
select case when :held::boolean then pg_advisory_unlock(:space::int, owner_lock(:owner::uuid)) end as released;

-- name: tell
-- A transaction of its own: while one that tells commits, no other that tells can.
select set_config('synchronous_commit', 'off', true),
  pg_notify('hookyard_' || 'shard'::regclass::oid, payload)
from unnest(:payloads::text[]) as p(payload);

-- name: config_versions
select tenant, version from config_version where tenant = any(:tenants::uuid[]);
