/** Several events coming in together: all of them are stored in this transaction, or none is. */
import { madeAtOnce } from '../../core/event.ts';
import type { BatchAppend, BatchOutcome, UsedClaim } from '../../ports/store.ts';
import { lookUp } from './append.ts';
import type { Session } from './database.ts';
import { openTickets } from './placing.ts';
import { lockLanesOf, type NewClaim, writeAll, writingOf } from './write.ts';

/** Checks in this order: stored already, callers' keys, configuration moved on. */
export async function appendAll(
  session: Session,
  batch: BatchAppend,
  shards: number,
  repeated: boolean,
): Promise<BatchOutcome> {
  const { tenant, appends, configVersion } = batch;
  await lockLanesOf(
    session,
    appends.flatMap(({ deliveries }) => madeAtOnce(deliveries)),
    shards,
  );
  const claims = claimsOf(batch);
  const known = await lookUp(session, { ids: appends.map(({ event }) => event.id), tenants: [tenant], claims });
  // All of them or none: they were written together.
  if (known.events.size > 0) return repeated ? stored(session, batch) : { kind: 'duplicate' };
  const repeats = known.claims.refused(tenant, batch.claims);
  if (repeats !== null) return repeats;
  const uses = appends.flatMap((append, at): UsedClaim[] => {
    const use = known.claims.refused(tenant, append.claims);
    return use === null ? [] : [{ at, use }];
  });
  if (uses.length > 0) return { kind: 'used', uses };
  const current = known.versions.get(tenant) ?? 0;
  if (current !== configVersion) return { kind: 'stale', configVersion: current };
  const writings = appends.map(({ event, deliveries }) => writingOf(event, deliveries, configVersion, shards));
  return { kind: 'appended', tickets: await writeAll(session, writings, claims, shards) };
}

function claimsOf({ tenant, appends, claims }: BatchAppend): readonly NewClaim[] {
  return [...claims, ...appends.flatMap((append) => append.claims)].map((claim) => ({ tenant, claim }));
}

/** What is left open of a batch whose answer was lost. What a fan-out has made was handed over by its task. */
async function stored(session: Session, { appends }: BatchAppend): Promise<BatchOutcome> {
  const made = appends.map(({ deliveries }) => new Set(madeAtOnce(deliveries).map(({ deliveryId }) => deliveryId)));
  const open = await openTickets(
    session,
    made.flatMap((ids) => [...ids]),
  );
  return { kind: 'appended', tickets: made.map((ids) => open.filter(({ deliveryId }) => ids.has(deliveryId))) };
}
