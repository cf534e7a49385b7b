-- name: make_shard
insert into shard (shard, owner, epoch, lease_until_ms)
select n, null, 0, 0 from generate_series(0, :shards::int - 1) as s(n) on conflict do nothing;

-- name: take_shards
-- In place of shard, take_shard: rows are locked before they are judged, because others may ask at the same moment; what
-- another has locked is skipped, so that nobody waits. An owner whose lock can be had is gone; who comes back waits for
-- this to be committed before it holds its lock again, and finds its lease taken.
with clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), gone as materialized (
  select owner, pg_try_advisory_xact_lock_shared(:space::int, owner_lock(owner)) as sure
  from (
    select distinct s.owner from shard s, clock
    where s.shard = any(:shards::smallint[]) and s.owner <> all(:mine::uuid[])
      and (s.lease_until_ms <= clock.now_ms or s.owner = any(:given_up::uuid[]))
  ) last
), free as (
  select s.shard, s.owner, coalesce(g.sure, false) as gone
  from unnest(:shards::smallint[]) with ordinality as w(shard, at) join shard s using (shard)
  cross join clock left join gone g on g.owner = s.owner
  where s.owner is null or s.lease_until_ms <= clock.now_ms or (g.sure and s.owner = any(:given_up::uuid[]))
  order by w.at limit :at_most::int for update of s skip locked
)
update shard s set owner = :owner::uuid, epoch = s.epoch + 1, lease_until_ms = clock.now_ms + :ttl::bigint
from free, clock where s.shard = free.shard
returning s.shard, s.epoch, s.lease_until_ms, free.owner as last_owner, free.gone;

-- name: renew_shards
-- In place of renew_shard: asked for many at once.
with clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
)
update shard s set lease_until_ms = clock.now_ms + :ttl::bigint
from clock, unnest(:shards::smallint[], :epochs::int[]) as h(shard, epoch)
where s.shard = h.shard and s.owner = :owner::uuid and s.epoch = h.epoch and s.lease_until_ms > clock.now_ms
returning s.shard, s.lease_until_ms;

-- name: release_shards
-- In place of release_shard: asked for many at once.
update shard s set owner = null, lease_until_ms = 0
from unnest(:shards::smallint[], :epochs::int[]) as h(shard, epoch)
where s.shard = h.shard and s.owner = :owner::uuid and s.epoch = h.epoch;
