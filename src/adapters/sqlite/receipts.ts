/** Receipts coming in: the request, its facts and its events in one transaction (T1). */
import type { Receipt } from '../../core/receipt.ts';
import type { ReceiptOutcome, ReceiptRequest } from '../../ports/store.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import { writeEvent } from './append.ts';
import { type AppendPacket, own, packAppend, type Spot } from './packets.ts';
import { blobOrNull } from './rows.ts';
import { configVersion, type Writer } from './turn.ts';

/** A receipt as it crosses to the writer. */
export interface ReceiptPacket extends Omit<ReceiptRequest, 'events'> {
  events: readonly AppendPacket[];
}

/** A recorded receipt answers with the spots per event, null for an event that was stored before. */
export type ReceiptAnswer = readonly (readonly Spot[] | null)[] | ReceiptOutcome;

export function packReceipt(request: ReceiptRequest): ReceiptPacket {
  const { configVersion: decidedOn, receipt } = request;
  return {
    ...request,
    receipt: { ...receipt, body: own(receipt.body) },
    events: request.events.map((event) => packAppend(event, decidedOn, [])),
  };
}

/** Checks in this order: recorded already, repeats another receipt, configuration moved on. */
export function recordReceipt(writer: Writer, packet: ReceiptPacket): ReceiptAnswer {
  const { receipt } = packet;
  const earlier = recordedAs(writer, receipt);
  if (earlier !== null) return earlier;
  const first = firstOfKey(writer, packet);
  if (first !== null) return recordDuplicate(writer, packet, first);
  const current = configVersion(writer, receipt.tenant);
  if (current !== packet.configVersion) return { kind: 'stale', configVersion: current };
  writeReceipt(writer, receipt, packet.events);
  writeFacts(writer, packet);
  rememberKey(writer, packet);
  if (receipt.outcome === 'rejected') dropRejected(writer, receipt, packet.maxRejected);
  return packet.events.map(([event, deliveries]) => writeEvent(writer, event, deliveries, packet.configVersion));
}

function recordedAs(writer: Writer, receipt: Receipt): ReceiptOutcome | null {
  type Row = { outcome: string; duplicate_of: Uint8Array | null; body_differs: number };
  const row = writer.db.get<Row>('receipt_outcome', blob(receipt.id));
  if (row === undefined) return null;
  if (row.duplicate_of === null) return { kind: 'recorded', handovers: [] };
  return { kind: 'duplicate', of: idOf(row.duplicate_of), bodyDiffers: row.body_differs === 1 };
}

interface FirstOfKey {
  receipt_id: Uint8Array;
  body: Uint8Array;
}

function firstOfKey(writer: Writer, { receipt, dedupe }: ReceiptPacket): FirstOfKey | null {
  if (dedupe === null) return null;
  return writer.db.get<FirstOfKey>('receipt_of_key', blob(receipt.sourceId), dedupe.key, writer.nowMs) ?? null;
}

function recordDuplicate(writer: Writer, packet: ReceiptPacket, first: FirstOfKey): ReceiptOutcome {
  const of = idOf(first.receipt_id);
  const bodyDiffers = Buffer.compare(first.body, packet.receipt.body) !== 0;
  writeReceipt(writer, { ...packet.receipt, outcome: 'duplicate', duplicateOf: of, bodyDiffers }, []);
  return { kind: 'duplicate', of, bodyDiffers };
}

function writeReceipt(writer: Writer, receipt: Receipt, events: readonly AppendPacket[]): void {
  const { id, tenant, sourceId, receivedAtMs, method, headers, body, verdict, outcome, reason } = receipt;
  writer.db.run(
    'insert_receipt',
    blob(id),
    blob(tenant),
    blob(sourceId),
    receivedAtMs,
    method,
    JSON.stringify(headers),
    body,
    JSON.stringify(verdict),
    outcome,
    reason,
    blobOrNull(receipt.duplicateOf),
    Number(receipt.bodyDiffers),
    Buffer.concat(events.map(([event]) => blob(event[0]))),
  );
}

function writeFacts(writer: Writer, { receipt, facts }: ReceiptPacket): void {
  for (const [n, { fact, provenance }] of facts.entries()) {
    writer.db.run('insert_fact', blob(receipt.id), n, JSON.stringify(fact), JSON.stringify(provenance));
  }
}

function rememberKey(writer: Writer, { receipt, dedupe }: ReceiptPacket): void {
  if (dedupe === null) return;
  const untilMs = dedupe.windowMs === null ? null : writer.nowMs + dedupe.windowMs;
  writer.db.run('set_receipt_key', blob(receipt.sourceId), dedupe.key, blob(receipt.id), untilMs);
}

function dropRejected(writer: Writer, receipt: Receipt, maxRejected: number): void {
  for (const { id } of writer.db.all<{ id: Uint8Array }>('rejected_beyond', blob(receipt.sourceId), maxRejected)) {
    writer.db.run('drop_receipt', id);
    writer.db.run('drop_facts', id);
    writer.db.run('drop_receipt_keys', id);
  }
}
