import type { Id } from '../../core/ids.ts';
import type { ConfigChange, Configuration, ConfigureOutcome, ConfigureRequest } from '../../ports/store.ts';
import type { Changed } from './change.ts';
import { copyOf } from './copy.ts';
import { keepClaims, refusedBy } from './idempotency.ts';
import { putKey, revokeKey } from './keys.ts';
import { deleteSource, putSource } from './sources.ts';
import { deleteSubscription, putSubscription } from './subscriptions.ts';
import type { Tables } from './tables.ts';

export function configure(tables: Tables, { tenant, change, claims }: ConfigureRequest): ConfigureOutcome {
  const refused = refusedBy(tables, tenant, claims);
  if (refused !== null) return refused;
  const changed = apply(tables, tenant, change);
  if (changed.kind !== 'changed') return changed;
  const configVersion = (tables.configVersions.get(tenant) ?? 0) + 1;
  tables.configVersions.set(tenant, configVersion);
  keepClaims(tables, tenant, claims);
  return { ...changed, configVersion, atMs: tables.nowMs() };
}

function apply(tables: Tables, tenant: Id, change: ConfigChange): Changed {
  switch (change.kind) {
    case 'put_subscription':
      return putSubscription(tables, tenant, change);
    case 'delete_subscription':
      return deleteSubscription(tables, tenant, change);
    case 'put_source':
      return putSource(tables, tenant, change);
    case 'delete_source':
      return deleteSource(tables, tenant, change);
    case 'put_key':
      return putKey(tables, tenant, change);
    case 'revoke_key':
      return revokeKey(tables, tenant, change.id);
  }
}

export function configuration(tables: Tables, tenant: Id): Configuration {
  const subscriptions = [...tables.subscriptions.values()].filter((table) => !table.deleted).map(({ row }) => row);
  const sources = [...tables.sources.values()];
  return copyOf({
    version: tables.configVersions.get(tenant) ?? 0,
    subscriptions: subscriptions.filter((row) => row.tenant === tenant),
    sources: sources.filter((row) => row.tenant === tenant),
  });
}
