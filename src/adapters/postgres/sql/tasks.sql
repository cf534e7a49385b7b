-- name: due_tasks
-- PostgreSQL alone: all shards in one lateral join.
select t.shard, t.due_ms, t.id, t.tenant, t.kind, t.ref, t.n, t.payload
from unnest(:shards::smallint[]) as s(shard)
cross join lateral (
  select * from task where task.shard = s.shard and task.due_ms <= engine_ms(:clock_offset_ms::bigint)
  order by task.due_ms, task.id limit :limit::int
) t
order by t.due_ms, t.id limit :limit::int;

-- name: take_task
delete from task where shard = :shard::smallint and due_ms = :due_ms::bigint and id = :id::uuid and n = :n::int;
