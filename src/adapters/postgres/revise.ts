/** Receipts worked through again: what is stored of them changes, and their events come in, in one transaction. */
import type { Id } from '../../core/ids.ts';
import type { Outcome, Repeat } from '../../core/receipt.ts';
import type { ReceiptRevision, RevisionOutcome } from '../../ports/store.ts';
import { digested, eventIdsAfter, idsOfEvents, repeatOf, revisedBefore, type Standing } from '../sql/revision.ts';
import { type UsedClaims, usedClaims } from './claims.ts';
import type { Session } from './database.ts';
import { type Asked, type Known, lockFor, lookUpFor } from './known-receipts.ts';
import { factsOf, newKey, writeReceipts } from './receipt-rows.ts';
import { writeEvents } from './receipts.ts';
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
  await lockFor(session, [askedOf(request, known.source_id)], shards);
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

function askedOf({ tenant, outcome, events, dedupe, replay }: ReceiptRevision, sourceId: Id): Asked {
  return { newId: null, tenant, sourceId, outcome, events, dedupe, replay };
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
  const { sourceId } = standing;
  const known = await lookUpFor(session, [askedOf(request, sourceId)]);
  const repeat = await repeatedBy(session, request, standing, known);
  const current = known.versions.get(tenant) ?? 0;
  if (repeat === null && current !== request.configVersion) return { kind: 'stale', configVersion: current };
  const claims = used.take(tenant, request.claims);
  if (claims.length > 0) await write(session, { ...NOTHING, claims }, shards);
  await rewrite(session, request, standing, repeat);
  if (repeat !== null) return { kind: 'duplicate', of: repeat.of, bodyDiffers: repeat.bodyDiffers };
  const keys = [request.dedupe, request.replay].flatMap((key) => key ?? []);
  await writeReceipts(session, {
    receipts: [],
    facts: factsOf(id, request.facts),
    keys: keys.map((key) => newKey({ id, sourceId }, key, known.nowMs)),
  });
  const [handovers = []] = await writeEvents(session, [request], known.events, shards);
  return { kind: 'revised', handovers };
}

/** What another receipt under one of the keys makes of this one; null when there is none. */
async function repeatedBy(
  session: Session,
  { tenant, id, dedupe, replay }: ReceiptRevision,
  { sourceId }: Standing,
  { keys }: Known,
): Promise<Repeat | null> {
  const holders = [replay, dedupe].map((key) => keys.holderOf(sourceId, key));
  const holder = holders.find((held) => held !== null && held.id !== id) ?? null;
  if (holder === null) return null;
  const own = await session.row<{ body: Uint8Array; received_ms: number }>('receipt', { id, tenant });
  return own === undefined ? null : repeatOf(holder, digested({ body: own.body, receivedAtMs: own.received_ms }));
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
