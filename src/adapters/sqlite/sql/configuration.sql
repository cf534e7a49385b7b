-- name: config_version
select version from config_version where tenant = ?;

-- name: bump_config_version
insert into config_version (tenant, version) values (?, 1) on conflict (tenant) do update set version = version + 1
returning version;

-- name: subscription
select version, state, state_since_ms, state_reason, pauses from subscription
where id = ? and tenant = ? and deleted_ms is null;

-- name: subscription_taken
select version from subscription where id = ?;

-- name: insert_subscription
insert into subscription (id, tenant, version, state, state_since_ms, state_reason, pauses, created_ms, updated_ms,
  created_by)
values (?, ?, 1, 'active', null, null, '[]', ?, ?, ?);

-- name: set_subscription_version
update subscription set version = ?, updated_ms = ? where id = ?;

-- name: insert_subscription_version
insert into subscription_version (id, version, config) values (?, ?, ?);

-- name: set_subscription_state
update subscription set state = ?, state_since_ms = ?, state_reason = ?, pauses = ?, updated_ms = ? where id = ?;

-- name: delete_subscription
update subscription set deleted_ms = ?, updated_ms = ? where id = ?;

-- name: subscriptions
select s.id, s.tenant, s.version, s.state, s.state_since_ms, s.state_reason, s.pauses, s.created_ms, s.updated_ms,
  s.created_by, s.consecutive_failures, s.first_failure_ms, s.last_delivery_ms, s.last_status_code, s.last_success_ms,
  s.last_failure_ms, s.told_percent, v.config
from subscription s join subscription_version v on v.id = s.id and v.version = s.version
where s.tenant = ? and s.deleted_ms is null order by s.id;

-- name: subscription_version
select v.config from subscription_version v join subscription s on s.id = v.id
where s.tenant = ? and v.id = ? and v.version = ?;

-- name: health
select id, consecutive_failures, first_failure_ms, last_delivery_ms, last_status_code, last_success_ms, last_failure_ms,
  told_percent
from subscription where id = ? and tenant = ? and deleted_ms is null;

-- name: troubled
-- Its conditions are those of the index subscription_troubled, word for word, or SQLite would not use it.
select id, consecutive_failures, first_failure_ms, last_delivery_ms, last_status_code, last_success_ms, last_failure_ms,
  told_percent
from subscription where tenant = ? and deleted_ms is null and (consecutive_failures > 0 or state = 'disabled')
order by id limit ?;

-- name: end_streak
update subscription set consecutive_failures = 0, first_failure_ms = null where id = ?;

-- name: source
select version from source where id = ? and tenant = ?;

-- name: source_taken
select version from source where id = ?;

-- name: insert_source
insert into source (id, tenant, version, enabled, url_key_hash, created_ms, updated_ms, created_by, config)
values (?, ?, 1, ?, ?, ?, ?, ?, ?);

-- name: set_source
update source set version = ?, enabled = ?, url_key_hash = ?, updated_ms = ?, config = ? where id = ?;

-- name: count_held
select count(*) as count from receipt where source_id = ? and outcome = 'held';

-- name: delete_source
delete from source where id = ?;

-- name: sources
select id, tenant, version, enabled, url_key_hash, created_ms, updated_ms, created_by, config from source
where tenant = ? order by id;

-- name: put_key
insert into api_key (id, tenant, name, role, prefix, hash, created_ms, expires_ms) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (id) do update set name = excluded.name, role = excluded.role, prefix = excluded.prefix,
  hash = excluded.hash, expires_ms = excluded.expires_ms
where tenant = excluded.tenant;

-- name: revoke_key
update api_key set revoked_ms = coalesce(revoked_ms, ?) where id = ? and tenant = ?;

-- name: touch_key
update api_key set last_used_ms = ? where id = ?;

-- name: key_by_hash
select id, tenant, name, role, prefix, hash, created_ms, expires_ms, last_used_ms, revoked_ms from api_key where hash = ?;

-- name: keys
select id, tenant, name, role, prefix, hash, created_ms, expires_ms, last_used_ms, revoked_ms from api_key
where tenant = ? order by id;
