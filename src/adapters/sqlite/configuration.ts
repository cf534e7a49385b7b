/** Changes of configuration: each bumps the tenant's version in its own transaction (A5). */
import type { Id } from '../../core/ids.ts';
import type { ConfigChange, ConfigureOutcome, ConfigureRequest } from '../../ports/store.ts';
import type { Changed } from '../sql/change.ts';
import { blob } from '../sql/id-bytes.ts';
import { recordClaims, refusedClaim } from './claims.ts';
import { putKey, revokeKey } from './keys.ts';
import { own, ownClaim } from './packets.ts';
import { deleteSource, putSource } from './sources.ts';
import { deleteSubscription, putSubscription } from './subscriptions.ts';
import type { Writer } from './turn.ts';

export function packConfigure(request: ConfigureRequest): ConfigureRequest {
  return { ...request, change: ownChange(request.change), claims: request.claims.map(ownClaim) };
}

function ownChange(change: ConfigChange): ConfigChange {
  switch (change.kind) {
    case 'put_subscription':
      return { ...change, config: own(change.config) };
    case 'put_source':
      return {
        ...change,
        config: own(change.config),
        urlKeyHash: change.urlKeyHash === null ? null : own(change.urlKeyHash),
      };
    case 'put_key':
      return { ...change, key: { ...change.key, hash: own(change.key.hash) } };
    case 'delete_subscription':
    case 'delete_source':
    case 'revoke_key':
      return change;
  }
}

export function configure(writer: Writer, { tenant, change, claims }: ConfigureRequest): ConfigureOutcome {
  const refused = refusedClaim(writer, tenant, claims);
  if (refused !== null) return refused;
  const changed = apply(writer, tenant, change);
  if (changed.kind !== 'done') return changed;
  recordClaims(writer, tenant, claims);
  const configVersion = bump(writer, tenant);
  return { kind: 'changed', configVersion, version: changed.version, atMs: writer.nowMs };
}

function apply(writer: Writer, tenant: Id, change: ConfigChange): Changed {
  switch (change.kind) {
    case 'put_subscription':
      return putSubscription(writer, tenant, change);
    case 'delete_subscription':
      return deleteSubscription(writer, tenant, change);
    case 'put_source':
      return putSource(writer, tenant, change);
    case 'delete_source':
      return deleteSource(writer, tenant, change);
    case 'put_key':
      return putKey(writer, tenant, change);
    case 'revoke_key':
      return revokeKey(writer, tenant, change);
  }
}

function bump(writer: Writer, tenant: Id): number {
  const version = writer.db.get<{ version: number }>('bump_config_version', blob(tenant))?.version ?? 0;
  writer.known.configVersions.set(tenant, version);
  return version;
}
