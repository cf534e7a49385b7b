-- name: config_version
select version from config_version where tenant = :tenant::uuid;

-- name: bump_config_version
insert into config_version (tenant, version) values (:tenant::uuid, 1) on conflict (tenant) do update set version = config_version.version + 1
returning version;

-- name: subscription
select version, state, state_since_ms, state_reason, pauses from subscription
where id = :id::uuid and tenant = :tenant::uuid and deleted_ms is null;

-- name: subscription_taken
select version from subscription where id = :id::uuid;

-- name: insert_subscription
insert into subscription (id, tenant, version, state, state_since_ms, state_reason, pauses, created_ms, updated_ms,
  created_by)
values (:id::uuid, :tenant::uuid, 1, 'active', null, null, '[]', :now::bigint, :now::bigint, :created_by::uuid);

-- name: set_subscription_version
update subscription set version = :version::int, updated_ms = :now::bigint where id = :id::uuid;

-- name: insert_subscription_version
insert into subscription_version (id, version, config) values (:id::uuid, :version::int, :config::bytea);

-- name: set_subscription_state
update subscription set state = :state::text, state_since_ms = :since::bigint, state_reason = :reason::text, pauses = :pauses::text, updated_ms = :now::bigint where id = :id::uuid;

-- name: delete_subscription
update subscription set deleted_ms = :now::bigint, updated_ms = :now::bigint where id = :id::uuid;

-- name: subscriptions
select s.id, s.tenant, s.version, s.state, s.state_since_ms, s.state_reason, s.pauses, s.created_ms, s.updated_ms,
  s.created_by, s.consecutive_failures, s.first_failure_ms, s.last_delivery_ms, s.last_status_code, s.last_success_ms,
  s.last_failure_ms, s.told_percent, v.config
from subscription s
cross join lateral (
  select config from subscription_version where subscription_version.id = s.id and subscription_version.version = s.version
  limit 1
) v
where s.tenant = :tenant::uuid and s.deleted_ms is null order by s.id;

-- name: subscription_version
select config from subscription_version where id = :id::uuid and version = :version::int
  and (select tenant from subscription where id = :id::uuid) = :tenant::uuid;

-- name: health
-- PostgreSQL alone: asked for many at once. The tenant is compared in a way that no index helps: there may be many of it.
select id, consecutive_failures, first_failure_ms, last_delivery_ms, last_status_code, last_success_ms, last_failure_ms,
  told_percent
from subscription
where id = any(:ids::uuid[]) and tenant is not distinct from :tenant::uuid and deleted_ms is null;

-- name: troubled
-- Its conditions are those of the index subscription_troubled, word for word, or the planner would not use it.
select id, consecutive_failures, first_failure_ms, last_delivery_ms, last_status_code, last_success_ms, last_failure_ms,
  told_percent
from subscription where tenant = :tenant::uuid and deleted_ms is null and (consecutive_failures > 0 or state = 'disabled')
order by id limit :limit::int;

-- name: end_streak
update subscription set consecutive_failures = 0, first_failure_ms = null where id = :id::uuid;

-- name: source
select version from source where id = :id::uuid and tenant = :tenant::uuid;

-- name: source_taken
select version from source where id = :id::uuid;

-- name: insert_source
insert into source (id, tenant, version, enabled, url_key_hash, created_ms, updated_ms, created_by, config)
values (:id::uuid, :tenant::uuid, 1, :enabled::smallint, :url_key_hash::bytea, :now::bigint, :now::bigint, :created_by::uuid, :config::bytea);

-- name: set_source
update source set version = :version::int, enabled = :enabled::smallint, url_key_hash = :url_key_hash::bytea, updated_ms = :now::bigint, config = :config::bytea where id = :id::uuid;

-- name: count_held
select count(*) as count from receipt where source_id = :source::uuid and outcome = 'held';

-- name: delete_source
delete from source where id = :id::uuid;

-- name: sources
select id, tenant, version, enabled, url_key_hash, created_ms, updated_ms, created_by, config from source
where tenant = :tenant::uuid order by id;

-- name: put_key
insert into api_key (id, tenant, name, role, prefix, hash, created_ms, expires_ms) values (:id::uuid, :tenant::uuid, :name::text, :role::text, :prefix::text, :hash::bytea, :now::bigint, :expires::bigint)
on conflict (id) do update set name = excluded.name, role = excluded.role, prefix = excluded.prefix,
  hash = excluded.hash, expires_ms = excluded.expires_ms
where api_key.tenant = excluded.tenant;

-- name: revoke_key
update api_key set revoked_ms = coalesce(revoked_ms, :now::bigint) where id = :id::uuid and tenant = :tenant::uuid;

-- name: touch_keys
-- In place of touch_key: asked for many at once.
update api_key set last_used_ms = engine_ms(:clock_offset_ms::bigint) where id = any(:ids::uuid[]);

-- name: key_by_hash
select id, tenant, name, role, prefix, hash, created_ms, expires_ms, last_used_ms, revoked_ms from api_key where hash = :hash::bytea;

-- name: keys
select id, tenant, name, role, prefix, hash, created_ms, expires_ms, last_used_ms, revoked_ms from api_key
where tenant = :tenant::uuid order by id;
