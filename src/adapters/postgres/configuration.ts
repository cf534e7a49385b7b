/** Changes of configuration: each bumps the tenant's version in its own transaction (A5). */
import type { Id } from '../../core/ids.ts';
import type { ConfigChange, ConfigureOutcome, ConfigureRequest } from '../../ports/store.ts';
import type { Changed } from '../sql/change.ts';
import type { Changing } from './changing.ts';
import { usedClaims } from './claims.ts';
import type { Session } from './database.ts';
import { engineMs } from './engine-time.ts';
import { putKey, revokeKey } from './keys.ts';
import { lockTenant } from './locks.ts';
import { deleteSource, putSource } from './sources.ts';
import { deleteSubscription, putSubscription } from './subscriptions.ts';
import { NOTHING, write } from './write.ts';

export async function configure(
  session: Session,
  request: ConfigureRequest,
  shards: number,
): Promise<ConfigureOutcome> {
  const { tenant, change } = request;
  await lockTenant(session, tenant);
  const used = await usedClaims(
    session,
    request.claims.map((claim) => ({ tenant, claim })),
  );
  const refused = used.refused(tenant, request.claims);
  if (refused !== null) return refused;
  const nowMs = await engineMs(session);
  const changed = await apply({ session, tenant, nowMs, shards }, change);
  if (changed.kind !== 'done') return changed;
  const claims = used.take(tenant, request.claims);
  if (claims.length > 0) await write(session, { ...NOTHING, claims }, shards);
  const bumped = await session.row<{ version: number }>('bump_config_version', { tenant });
  return { kind: 'changed', configVersion: bumped?.version ?? 0, version: changed.version, atMs: nowMs };
}

function apply(changing: Changing, change: ConfigChange): Promise<Changed> {
  switch (change.kind) {
    case 'put_subscription':
      return putSubscription(changing, change);
    case 'delete_subscription':
      return deleteSubscription(changing, change);
    case 'put_source':
      return putSource(changing, change);
    case 'delete_source':
      return deleteSource(changing, change);
    case 'put_key':
      return putKey(changing, change);
    case 'revoke_key':
      return revokeKey(changing, change);
  }
}

/** A tenant's configuration version; 0 before its first change. */
export async function configVersion(session: Session, tenant: Id): Promise<number> {
  return (await session.row<{ version: number }>('config_version', { tenant }))?.version ?? 0;
}
