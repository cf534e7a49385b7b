-- name: claim.due
-- In place of due_from_start, due_after: all cursors in one lateral join; SQLite reads one after the other. A null cursor
-- is one before everything.
with recursive clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), line as (
  select c.at, row_number() over (partition by c.at order by d.due_ms, d.delivery_id) as nth,
    d.shard, d.due_ms, null::text as key, null::bigint as pos, null::bigint as not_before_ms,
    d.delivery_id, d.event_id, d.subscription_id, d.n, d.flags
  from clock, unnest(:shards::smallint[], :dues::bigint[], :deliveries::uuid[])
    with ordinality as c(shard, due_ms, delivery_id, at)
  cross join lateral (
    select * from due
    where due.shard = c.shard and (due.due_ms, due.delivery_id) > (c.due_ms, c.delivery_id)
      and due.due_ms <= clock.now_ms
    order by due.due_ms, due.delivery_id limit :tickets::int + 1
  ) d
)

-- name: claim.run
-- In place of lane_run: a piece, so that the limits are kept inside the statement.
with recursive clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), line as (
  select 1 as at, row_number() over (order by l.pos) as nth, l.shard, null::bigint as due_ms, l.key, l.pos,
    l.not_before_ms, l.delivery_id, l.event_id, l.subscription_id, l.n, l.flags
  from (
    select * from lane
    where shard = :shard::smallint and subscription_id = :subscription::uuid and key = :key::text and pos > :pos::bigint
    order by pos limit :tickets::int + 1
  ) l
)

-- name: claim.news
-- PostgreSQL alone: what others put into the lanes of one's shards, all cursors in one lateral join.
with recursive clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), line as (
  select c.at, row_number() over (partition by c.at order by l.pos) as nth, l.shard, null::bigint as due_ms, l.key, l.pos,
    l.not_before_ms, l.delivery_id, l.event_id, l.subscription_id, l.n, l.flags
  from unnest(:shards::smallint[], :positions::bigint[]) with ordinality as c(shard, pos, at)
  cross join lateral (
    select * from lane where lane.shard = c.shard and lane.pos > c.pos
    order by lane.pos limit :tickets::int + 1
  ) l
)

-- name: claim.heads_first
-- In place of lane_first_head: the beginning of the recursion.
with recursive clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), heads as (
  (
    select * from lane
    where shard = :shard::smallint and subscription_id = :subscription::uuid and key >= :key::text
    order by key, pos limit 1
  )

-- name: claim.heads_after
-- In place of lane_next_head: the beginning of the recursion behind a key.
with recursive clock as materialized (
  select engine_ms(:clock_offset_ms::bigint) as now_ms
), heads as (
  (
    select * from lane
    where shard = :shard::smallint and subscription_id = :subscription::uuid and key > :key::text
    order by key, pos limit 1
  )

-- name: claim.heads
-- PostgreSQL alone: from key to key, one seek each; the limit ends the recursion.
  union all
  select l.* from heads h cross join lateral (
    select * from lane
    where lane.shard = h.shard and lane.subscription_id = h.subscription_id and lane.key > h.key
    order by lane.key, lane.pos limit 1
  ) l
), line as (
  select 1 as at, row_number() over (order by l.key) as nth, l.shard, null::bigint as due_ms, l.key, l.pos,
    l.not_before_ms, l.delivery_id, l.event_id, l.subscription_id, l.n, l.flags
  from (select * from heads limit :tickets::int + 1) l
)

-- name: claim.within
-- In place of event_within: the limits are kept inside the statement, where SQLite stops reading. Each event comes once, with
-- the first ticket that points at it. The length of a body stands beside its pointer, so one that does not fit is never
-- read; once an event does not fit, nothing behind it is taken. Events are looked up one by one: joined, a plan made
-- while there were none reads all of them for each ticket.
, numbered as (
  select line.*, row_number() over (order by at, nth) as seq from line
), first as (
  select event_id, min(seq) as seq from numbered where nth <= :tickets::int group by event_id
), weighed as (
  select f.seq, f.event_id, row_number() over so_far as place, sum(octet_length(e.body)) over so_far as bytes
  from first f cross join lateral (select body from event where event.id = f.event_id limit 1) e
  window so_far as (order by f.seq)
), cut as (
  select coalesce(min(seq), 9223372036854775807) as seq from weighed where place > 1 and bytes > :bytes::bigint
)
select clock.now_ms, t.shard, t.due_ms, t.key, t.pos, t.not_before_ms, t.delivery_id, t.event_id, t.subscription_id, t.n,
  t.flags, t.nth <= :tickets::int and t.seq < cut.seq as taken,
  e.id, e.tenant, e.owner, e.type, e.external_id, e.ordering_key, e.tags, e.headers, e.occurred_ms, e.accepted_ms,
  e.source_kind, e.source_id, e.body
from clock cross join cut
left join numbered t on true
left join weighed w on w.seq = t.seq and w.seq < cut.seq
left join lateral (select * from event where event.id = w.event_id limit 1) e on true
order by t.seq;

-- name: lane_ends
-- PostgreSQL alone: where news begin for who takes a shard.
select s.shard, coalesce((select max(l.pos) from lane l where l.shard = s.shard), 0)::bigint as pos
from unnest(:shards::smallint[]) as s(shard);

-- name: open_tickets
-- In place of due_of_delivery, lane_of_delivery: asked for many at once, due or in a lane.
select shard, due_ms, null::text as key, null::bigint as pos, null::bigint as not_before_ms, delivery_id, event_id,
  subscription_id, n, flags
from due where delivery_id = any(:ids::uuid[])
union all
select shard, null, key, pos, not_before_ms, delivery_id, event_id, subscription_id, n, flags
from lane where delivery_id = any(:ids::uuid[]);

-- name: set_lane
insert into lane_state (subscription_id, shard, reason, since_ms, probe_at_ms)
values (:subscription::uuid, :shard::smallint, :reason::text, engine_ms(:clock_offset_ms::bigint), :probe_at::bigint)
on conflict (subscription_id, shard) do update set reason = excluded.reason, probe_at_ms = excluded.probe_at_ms,
  since_ms = case when lane_state.reason = excluded.reason then lane_state.since_ms else excluded.since_ms end;

-- name: lane_holds
-- The order says which index is walked: that of the news of a shard would have all of its lanes.
select 1 as found from lane where shard = :shard::smallint and subscription_id = :subscription::uuid
order by key, pos limit 1;

-- name: close_lane
delete from lane_state where subscription_id = :subscription::uuid and shard = :shard::smallint;

-- name: lanes_of_shards
-- In place of lanes_of_shard: asked for many at once.
select subscription_id, shard, reason, since_ms, probe_at_ms from lane_state where shard = any(:shards::smallint[])
order by array_position(:shards::smallint[], shard), subscription_id;
