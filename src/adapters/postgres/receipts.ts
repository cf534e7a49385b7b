/** Receipts coming in: the request, its facts and its events in one transaction (T1). */
import type { DedupeKey } from '../../core/dedupe.ts';
import { madeAtOnce } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import { isRedelivery, type Outcome, type Receipt, type Repeat } from '../../core/receipt.ts';
import type { Handover, ReceiptOutcome, ReceiptRequest } from '../../ports/store.ts';
import { type Holder, idsOfEvents, keyUntilMs, repeatOf } from '../sql/revision.ts';
import { configVersion } from './configuration.ts';
import type { Session } from './database.ts';
import { engineMs } from './engine-time.ts';
import { lockHolding, lockReceiptKey } from './locks.ts';
import { lockLanesOf, NOTHING, write, writingOf } from './write.ts';

/** Checks in this order: recorded already, repeats another receipt, configuration moved on. */
export async function recordReceipt(
  session: Session,
  request: ReceiptRequest,
  shards: number,
): Promise<ReceiptOutcome> {
  const { receipt, dedupe, replay } = request;
  await lockFor(session, receipt.sourceId, { ...request, outcome: receipt.outcome }, shards);
  const earlier = await recordedAs(session, receipt.id);
  if (earlier !== null) return earlier;
  const nowMs = await engineMs(session);
  const replayed = await holderOf(session, receipt.sourceId, replay, nowMs);
  const holder = replayed ?? (await holderOf(session, receipt.sourceId, dedupe, nowMs));
  const repeat = holder === null ? null : repeatOf(holder, receipt);
  const redeliveryAfterMs = replayed === null ? (dedupe?.redeliveryAfterMs ?? null) : null;
  if (repeat !== null && !isRedelivery(redeliveryAfterMs, repeat)) {
    if (replayed === null) await giveKey(session, { id: repeat.of, sourceId: receipt.sourceId }, replay, nowMs);
    return recordDuplicate(session, receipt, repeat);
  }
  const current = await configVersion(session, receipt.tenant);
  if (current !== request.configVersion) return { kind: 'stale', configVersion: current };
  const redeliveryOf = repeat?.of ?? receipt.redeliveryOf;
  await writeReceipt(session, { ...receipt, redeliveryOf }, idsOfEvents(request.events));
  await writeFacts(session, receipt.id, request.facts);
  // The key of a redelivery stays with the first.
  if (repeat === null) await giveKey(session, receipt, dedupe, nowMs);
  await giveKey(session, receipt, replay, nowMs);
  if (receipt.outcome === 'rejected') {
    await session.run('drop_rejected_beyond', { source: receipt.sourceId, kept: request.maxRejected });
  }
  return { kind: 'recorded', handovers: await writeEvents(session, request, shards), redeliveryOf };
}

type Effects = Pick<ReceiptRequest, 'events' | 'configVersion'>;
type Locking = Pick<ReceiptRequest, 'events' | 'dedupe' | 'replay'> & Pick<Receipt, 'outcome'>;

/**
 * Locks the keys of a receipt, what it is held by, and the lanes that its deliveries go into. Comes before any row is
 * read or written.
 */
export async function lockFor(session: Session, sourceId: Id, locking: Locking, shards: number) {
  const { events, dedupe, replay, outcome } = locking;
  // In one order, and no key is of both kinds: nobody waits in a circle.
  for (const key of [dedupe, replay]) if (key !== null) await lockReceiptKey(session, sourceId, key.key);
  if (outcome === 'held') await lockHolding(session, sourceId);
  const made = events.flatMap(({ deliveries }) => madeAtOnce(deliveries));
  await lockLanesOf(session, made, shards);
}

async function recordedAs(session: Session, id: Id): Promise<ReceiptOutcome | null> {
  type Row = { duplicate_of: Id | null; body_differs: number; redelivery_of: Id | null };
  const row = await session.row<Row>('receipt_outcome', { id });
  if (row === undefined) return null;
  if (row.duplicate_of === null) return { kind: 'recorded', handovers: [], redeliveryOf: row.redelivery_of };
  return { kind: 'duplicate', of: row.duplicate_of, bodyDiffers: row.body_differs === 1 };
}

/** The receipt that holds a key by now; null when the key is free, or there is none. */
export async function holderOf(
  session: Session,
  source: Id,
  dedupe: DedupeKey | null,
  nowMs: number,
): Promise<Holder | null> {
  if (dedupe === null) return null;
  type Row = { receipt_id: Id; outcome: Outcome; received_ms: number; body: Uint8Array };
  const row = await session.row<Row>('receipt_of_key', { source, key: dedupe.key, now: nowMs });
  if (row === undefined) return null;
  return { id: row.receipt_id, outcome: row.outcome, receivedAtMs: row.received_ms, body: row.body };
}

/** Makes a receipt the holder of a key from now on. */
export async function giveKey(
  session: Session,
  { id, sourceId }: Pick<Receipt, 'id' | 'sourceId'>,
  dedupe: DedupeKey | null,
  nowMs: number,
): Promise<void> {
  if (dedupe === null) return;
  const until = keyUntilMs(dedupe, nowMs);
  await session.run('set_receipt_key', { source: sourceId, key: dedupe.key, receipt: id, until });
}

async function recordDuplicate(session: Session, receipt: Receipt, repeat: Repeat): Promise<ReceiptOutcome> {
  const { of, bodyDiffers } = repeat;
  await writeReceipt(session, { ...receipt, outcome: 'duplicate', duplicateOf: of, bodyDiffers }, []);
  return { kind: 'duplicate', of, bodyDiffers };
}

async function writeReceipt(session: Session, receipt: Receipt, eventIds: readonly Id[]): Promise<void> {
  const { id, tenant, method, body, outcome, reason, proof, revision } = receipt;
  await session.run('insert_receipt', {
    id,
    tenant,
    source: receipt.sourceId,
    received: receipt.receivedAtMs,
    method,
    headers: JSON.stringify(receipt.headers),
    body,
    verdict: JSON.stringify(receipt.verdict),
    outcome,
    reason,
    duplicate_of: receipt.duplicateOf,
    body_differs: Number(receipt.bodyDiffers),
    event_ids: eventIds,
    redelivery_of: receipt.redeliveryOf,
    remote_address: receipt.remoteAddress,
    proof,
    revision,
  });
}

export async function writeFacts(session: Session, receiptId: Id, facts: ReceiptRequest['facts']): Promise<void> {
  if (facts.length === 0) return;
  await session.run('insert_facts', {
    receipt: receiptId,
    facts: facts.map(({ fact }) => JSON.stringify(fact)),
    provenances: facts.map(({ provenance }) => JSON.stringify(provenance)),
  });
}

/** An event that was stored before keeps what it has, and hands nothing over. */
export async function writeEvents(session: Session, request: Effects, shards: number): Promise<readonly Handover[]> {
  if (request.events.length === 0) return [];
  const values = { ids: idsOfEvents(request.events), tenants: [] };
  const before = new Set((await session.rows<{ id: Id }>('append_state', values)).map(({ id }) => id));
  const handovers: Handover[] = [];
  for (const { event, deliveries } of request.events) {
    if (before.has(event.id)) continue;
    before.add(event.id);
    const writing = writingOf(event, deliveries, request.configVersion, shards);
    const made = { ...NOTHING, events: [writing.event], deliveries: writing.deliveries, tasks: writing.tasks };
    handovers.push({ event, tickets: await write(session, made, shards) });
  }
  return handovers;
}
