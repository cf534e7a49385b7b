/** Receipts coming in: the request, its facts and its events in one transaction (T1). */
import { madeAtOnce } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { Receipt } from '../../core/receipt.ts';
import type { Handover, ReceiptOutcome, ReceiptRequest } from '../../ports/store.ts';
import { configVersion } from './configuration.ts';
import type { Session } from './database.ts';
import { lockReceiptKey } from './locks.ts';
import { lockLanesOf, NOTHING, write, writingOf } from './write.ts';

/** Checks in this order: recorded already, repeats another receipt, configuration moved on. */
export async function recordReceipt(
  session: Session,
  request: ReceiptRequest,
  shards: number,
): Promise<ReceiptOutcome> {
  const { receipt, dedupe } = request;
  if (dedupe !== null) await lockReceiptKey(session, receipt.sourceId, dedupe.key);
  await lockLanesOf(
    session,
    request.events.flatMap(({ deliveries }) => madeAtOnce(deliveries)),
    shards,
  );
  const earlier = await recordedAs(session, receipt.id);
  if (earlier !== null) return earlier;
  const nowMs = (await session.row<{ now_ms: number }>('engine_ms'))?.now_ms ?? 0;
  const first = await firstOfKey(session, request, nowMs);
  if (first !== null) return recordDuplicate(session, receipt, first);
  const current = await configVersion(session, receipt.tenant);
  if (current !== request.configVersion) return { kind: 'stale', configVersion: current };
  await writeReceipt(
    session,
    receipt,
    request.events.map(({ event }) => event.id),
  );
  await writeFacts(session, request);
  await rememberKey(session, request, nowMs);
  if (receipt.outcome === 'rejected') {
    await session.run('drop_rejected_beyond', { source: receipt.sourceId, kept: request.maxRejected });
  }
  return { kind: 'recorded', handovers: await writeEvents(session, request, shards) };
}

async function recordedAs(session: Session, id: Id): Promise<ReceiptOutcome | null> {
  type Row = { outcome: string; duplicate_of: Id | null; body_differs: number };
  const row = await session.row<Row>('receipt_outcome', { id });
  if (row === undefined) return null;
  if (row.duplicate_of === null) return { kind: 'recorded', handovers: [] };
  return { kind: 'duplicate', of: row.duplicate_of, bodyDiffers: row.body_differs === 1 };
}

interface FirstOfKey {
  receipt_id: Id;
  body: Uint8Array;
}

async function firstOfKey(session: Session, { receipt, dedupe }: ReceiptRequest, nowMs: number) {
  if (dedupe === null) return null;
  const values = { source: receipt.sourceId, key: dedupe.key, now: nowMs };
  return (await session.row<FirstOfKey>('receipt_of_key', values)) ?? null;
}

async function recordDuplicate(session: Session, receipt: Receipt, first: FirstOfKey): Promise<ReceiptOutcome> {
  const of = first.receipt_id;
  const bodyDiffers = Buffer.compare(first.body, receipt.body) !== 0;
  await writeReceipt(session, { ...receipt, outcome: 'duplicate', duplicateOf: of, bodyDiffers }, []);
  return { kind: 'duplicate', of, bodyDiffers };
}

async function writeReceipt(session: Session, receipt: Receipt, eventIds: readonly Id[]): Promise<void> {
  const { id, tenant, method, body, outcome, reason } = receipt;
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
  });
}

async function writeFacts(session: Session, { receipt, facts }: ReceiptRequest): Promise<void> {
  if (facts.length === 0) return;
  await session.run('insert_facts', {
    receipt: receipt.id,
    facts: facts.map(({ fact }) => JSON.stringify(fact)),
    provenances: facts.map(({ provenance }) => JSON.stringify(provenance)),
  });
}

async function rememberKey(session: Session, { receipt, dedupe }: ReceiptRequest, nowMs: number): Promise<void> {
  if (dedupe === null) return;
  const until = dedupe.windowMs === null ? null : nowMs + dedupe.windowMs;
  await session.run('set_receipt_key', { source: receipt.sourceId, key: dedupe.key, receipt: receipt.id, until });
}

/** An event that was stored before keeps what it has, and hands nothing over. */
async function writeEvents(session: Session, request: ReceiptRequest, shards: number): Promise<readonly Handover[]> {
  if (request.events.length === 0) return [];
  const values = { ids: request.events.map(({ event }) => event.id), tenants: [] };
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
