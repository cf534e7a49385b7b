-- name: make_shard
insert into shard (shard, owner, epoch, lease_until_ms) values (?, null, 0, 0) on conflict do nothing;

-- name: shard
select owner, epoch, lease_until_ms from shard where shard = ?;

-- name: take_shard
update shard set owner = ?, epoch = epoch + 1, lease_until_ms = ? where shard = ?;

-- name: renew_shard
update shard set lease_until_ms = ? where shard = ? and owner = ? and epoch = ? and lease_until_ms > ?;

-- name: release_shard
update shard set owner = null, lease_until_ms = 0 where shard = ? and owner = ? and epoch = ?;

-- name: expire_leases
-- SQLite alone: whoever holds the lock file is the only process, so every lease still noted is a dead one's.
update shard set lease_until_ms = 0 where owner is not null;
