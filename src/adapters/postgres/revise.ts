/** Receipts worked through again: what is stored of them changes, and their events come in, in one transaction. */
import type { Id } from '../../core/ids.ts';
import type { Outcome, Repeat } from '../../core/receipt.ts';
import type { ReceiptRevision, RevisionOutcome } from '../../ports/store.ts';
import { eventIdsAfter, idsOfEvents, repeatOf, revisedBefore, type Standing } from '../sql/revision.ts';
import { type UsedClaims, usedClaims } from './claims.ts';
import { configVersion } from './configuration.ts';
import type { Session } from './database.ts';
import { engineMs } from './engine-time.ts';
import { giveKey, holderOf, lockFor, writeEvents, writeFacts } from './receipts.ts';
import { NOTHING, write } from './write.ts';

/**
 * Checks in this order: callers' keys, there at all, its revision, repeats another receipt, configuration moved on.
 * `repeated`: it may have been committed before and its answer lost with the connection.
 */
export async function reviseReceipt(
  session: Session,
  request: ReceiptRevision,
  shards: number,
  repeated: boolean,
): Promise<RevisionOutcome> {
  const { tenant } = request;
  const standing = await lockedStanding(session, request, shards);
  const eventIds = idsOfEvents(request.events);
  // After a lost answer its own claims are there too, and would hide that it was made.
  const made = standing !== null && repeated ? revisedBefore(standing, { ...request, eventIds }) : null;
  if (made !== null) return made;
  const asked = request.claims.map((claim) => ({ tenant, claim }));
  const used = await usedClaims(session, asked);
  const refused = used.refused(tenant, request.claims);
  if (refused !== null) return refused;
  if (standing === null) return { kind: 'missing' };
  if (standing.revision !== request.revision) return { kind: 'conflict', revision: standing.revision };
  return revise(session, request, { standing, used, shards });
}

/** The receipt, which nobody else changes until the end of the transaction; null when it is not there. */
async function lockedStanding(session: Session, request: ReceiptRevision, shards: number): Promise<Standing | null> {
  const { tenant, id } = request;
  const known = await session.row<{ source_id: Id }>('receipt_source', { id, tenant });
  if (known === undefined) return null;
  await lockFor(session, known.source_id, request, shards);
  const row = await session.row<StandingRow>('receipt_standing', { id, tenant });
  if (row === undefined) return null;
  const { outcome, revision } = row;
  return {
    sourceId: row.source_id,
    revision,
    outcome,
    duplicateOf: row.duplicate_of,
    bodyDiffers: row.body_differs === 1,
    eventIds: row.event_ids,
  };
}

interface StandingRow {
  source_id: Id;
  outcome: Outcome;
  duplicate_of: Id | null;
  body_differs: number;
  event_ids: readonly Id[];
  revision: number;
}

interface Revising {
  standing: Standing;
  used: UsedClaims;
  shards: number;
}

async function revise(session: Session, request: ReceiptRevision, revising: Revising): Promise<RevisionOutcome> {
  const { tenant, id } = request;
  const { standing, used, shards } = revising;
  const nowMs = await engineMs(session);
  const repeat = await repeatedBy(session, request, standing, nowMs);
  const current = repeat === null ? await configVersion(session, tenant) : request.configVersion;
  if (current !== request.configVersion) return { kind: 'stale', configVersion: current };
  const claims = used.take(tenant, request.claims);
  if (claims.length > 0) await write(session, { ...NOTHING, claims }, shards);
  await rewrite(session, request, standing, repeat);
  if (repeat !== null) return { kind: 'duplicate', of: repeat.of, bodyDiffers: repeat.bodyDiffers };
  await writeFacts(session, id, request.facts);
  for (const key of [request.dedupe, request.replay]) {
    await giveKey(session, { id, sourceId: standing.sourceId }, key, nowMs);
  }
  return { kind: 'revised', handovers: await writeEvents(session, request, shards) };
}

/** What another receipt under one of the keys makes of this one; null when there is none. */
async function repeatedBy(
  session: Session,
  { tenant, id, dedupe, replay }: ReceiptRevision,
  { sourceId }: Standing,
  nowMs: number,
): Promise<Repeat | null> {
  const replayed = await holderOf(session, sourceId, replay, nowMs);
  const known = await holderOf(session, sourceId, dedupe, nowMs);
  const holder = [replayed, known].find((held) => held !== null && held.id !== id) ?? null;
  if (holder === null) return null;
  const own = await session.row<{ body: Uint8Array; received_ms: number }>('receipt', { id, tenant });
  return own === undefined ? null : repeatOf(holder, { body: own.body, receivedAtMs: own.received_ms });
}

/** All of it but new facts; a duplicate keeps none, and no new events. */
async function rewrite(session: Session, request: ReceiptRevision, standing: Standing, repeat: Repeat | null) {
  const { id } = request;
  const added = repeat === null ? idsOfEvents(request.events) : [];
  await session.run('revise_receipt', {
    id,
    verdict: JSON.stringify(request.verdict),
    outcome: repeat === null ? request.outcome : 'duplicate',
    reason: request.reason,
    duplicate_of: repeat?.of ?? null,
    body_differs: Number(repeat?.bodyDiffers ?? false),
    event_ids: eventIdsAfter(standing.eventIds, added),
    revision: request.revision + 1,
  });
  await session.run('drop_facts', { receipt: id });
}
