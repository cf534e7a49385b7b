-- SQLite alone: a connection is set up by pragmas, in place of a server's configuration.

-- name: open_for_writing
-- FULL: a commit is on disk before it is answered (A1). Checkpoints are the writer's own, between turns.
pragma journal_mode = wal;
pragma synchronous = full;
pragma wal_autocheckpoint = 0;
pragma cache_size = -32768;
pragma temp_store = memory;
pragma foreign_keys = off;

-- name: open_for_reading
pragma cache_size = -16384;
pragma temp_store = memory;
pragma query_only = on;

-- name: synchronous
pragma synchronous;

-- name: checkpoint
-- Passive: takes what no reader pins and never waits.
pragma wal_checkpoint(passive);

-- name: shrink
-- Gives back what pages it holds that are not changed.
pragma shrink_memory;

-- name: begin
begin;

-- name: take_lock
-- Exclusive and never committed: the lock lives exactly as long as the process.
begin exclusive;

-- name: commit
commit;

-- name: rollback
rollback;

-- name: changes_so_far
select total_changes() as changes;

-- name: make_migrations
create table if not exists migration (
  version integer primary key,
  name text not null,
  checksum text not null
);

-- name: migrations
select version, name, checksum from migration order by version;

-- name: note_migration
insert into migration (version, name, checksum) values (?, ?, ?);

-- name: meta
select value from meta where name = ?;

-- name: set_meta
insert into meta (name, value) values (?, ?) on conflict (name) do update set value = max(value, excluded.value);

-- name: reserve_pos
-- SQLite alone: no sequences; the row is the last position ever reserved in any lane.
insert into meta (name, value) values ('lane_pos', ?) on conflict (name) do update set value = value + ?
returning value;

-- name: plan.of
explain query plan

-- name: journal_mode
pragma journal_mode;

-- name: automatic_checkpoint
pragma wal_autocheckpoint;
