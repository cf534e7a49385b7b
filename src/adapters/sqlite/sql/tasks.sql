-- name: due_tasks
select shard, due_ms, id, tenant, kind, ref, n, payload from task
where shard = ? and due_ms <= ? order by due_ms, id limit ?;

-- name: take_task
delete from task where shard = ? and due_ms = ? and id = ? and n = ?;
