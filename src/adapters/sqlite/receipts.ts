/** Receipts coming in: the request, its facts and its events in one transaction (T1). */
import type { DedupeKey } from '../../core/dedupe.ts';
import type { Id } from '../../core/ids.ts';
import { letGo } from '../../core/let-go.ts';
import { isRedelivery, type Outcome, type Receipt, type Repeat } from '../../core/receipt.ts';
import type { ReceiptOutcome, ReceiptRequest } from '../../ports/store.ts';
import { blob, idOf, packIds } from '../sql/id-bytes.ts';
import { type Holder, keyUntilMs, repeatOf } from '../sql/revision.ts';
import { writeEvent } from './append.ts';
import { type AppendPacket, own, packAppend, type Spot } from './packets.ts';
import { blobOrNull, idOrNull } from './rows.ts';
import { configVersion, type Writer } from './turn.ts';

/** A receipt as it crosses to the writer. */
export interface ReceiptPacket extends Omit<ReceiptRequest, 'events'> {
  events: readonly AppendPacket[];
}

/** The spots per event, null for an event that was stored before. */
export type EventSpots = readonly (readonly Spot[] | null)[];

/** A recorded receipt answers with what it is a redelivery of and where its deliveries were put. */
export type ReceiptAnswer = readonly [redeliveryOf: Id | null, spots: EventSpots] | ReceiptOutcome;

export function packReceipt(request: ReceiptRequest): ReceiptPacket {
  const { configVersion: decidedOn, receipt } = request;
  const proof = receipt.proof === null ? null : own(receipt.proof);
  return {
    ...request,
    receipt: { ...receipt, body: own(receipt.body), proof },
    events: request.events.map((event) => packAppend(event, decidedOn, [])),
  };
}

/** Checks in this order: recorded already, repeats another receipt, configuration moved on. */
export function recordReceipt(writer: Writer, packet: ReceiptPacket): ReceiptAnswer {
  const { receipt, dedupe, replay } = packet;
  const earlier = recordedAs(writer, receipt);
  if (earlier !== null) return earlier;
  const replayed = holderOf(writer, receipt.sourceId, replay);
  const holder = replayed ?? holderOf(writer, receipt.sourceId, dedupe);
  const repeat = holder === null ? null : repeatOf(holder, receipt);
  if (holder !== null) letGo(holder.body);
  const redeliveryAfterMs = replayed === null ? (dedupe?.redeliveryAfterMs ?? null) : null;
  if (repeat !== null && !isRedelivery(redeliveryAfterMs, repeat)) {
    if (replayed === null) giveKey(writer, { id: repeat.of, sourceId: receipt.sourceId }, replay);
    return recordDuplicate(writer, receipt, repeat);
  }
  const current = configVersion(writer, receipt.tenant);
  if (current !== packet.configVersion) return { kind: 'stale', configVersion: current };
  const redeliveryOf = repeat?.of ?? receipt.redeliveryOf;
  writeReceipt(writer, { ...receipt, redeliveryOf }, packet.events);
  writeFacts(writer, receipt.id, packet.facts);
  // The key of a redelivery stays with the first.
  if (repeat === null) giveKey(writer, receipt, dedupe);
  giveKey(writer, receipt, replay);
  if (receipt.outcome === 'rejected') {
    drop(writer, writer.db.all('rejected_beyond', blob(receipt.sourceId), packet.maxRejected));
  }
  return [redeliveryOf, writeEvents(writer, packet)];
}

function recordedAs(writer: Writer, receipt: Receipt): ReceiptOutcome | null {
  type Row = { duplicate_of: Uint8Array | null; body_differs: number; redelivery_of: Uint8Array | null };
  const row = writer.db.get<Row>('receipt_outcome', blob(receipt.id));
  if (row === undefined) return null;
  if (row.duplicate_of === null) {
    return { kind: 'recorded', handovers: [], redeliveryOf: idOrNull(row.redelivery_of) };
  }
  return { kind: 'duplicate', of: idOf(row.duplicate_of), bodyDiffers: row.body_differs === 1 };
}

/** The receipt that holds a key by now; null when the key is free, or there is none. */
export function holderOf(writer: Writer, sourceId: Id, dedupe: DedupeKey | null): Holder | null {
  if (dedupe === null) return null;
  type Row = { receipt_id: Uint8Array; outcome: Outcome; received_ms: number; body: Uint8Array };
  const row = writer.db.get<Row>('receipt_of_key', blob(sourceId), dedupe.key, writer.nowMs);
  if (row === undefined) return null;
  return { id: idOf(row.receipt_id), outcome: row.outcome, receivedAtMs: row.received_ms, body: row.body };
}

/** Makes a receipt the holder of a key from now on. */
export function giveKey(writer: Writer, of: Pick<Receipt, 'id' | 'sourceId'>, dedupe: DedupeKey | null): void {
  if (dedupe === null) return;
  const untilMs = keyUntilMs(dedupe, writer.nowMs);
  writer.db.run('set_receipt_key', blob(of.sourceId), dedupe.key, blob(of.id), untilMs);
}

function recordDuplicate(writer: Writer, receipt: Receipt, { of, bodyDiffers }: Repeat): ReceiptOutcome {
  writeReceipt(writer, { ...receipt, outcome: 'duplicate', duplicateOf: of, bodyDiffers }, []);
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
    packIds(events.map(([[eventId]]) => eventId)),
    blobOrNull(receipt.redeliveryOf),
    receipt.remoteAddress,
    receipt.proof,
    receipt.revision,
  );
}

export function writeFacts(writer: Writer, receiptId: Id, facts: ReceiptRequest['facts']): void {
  for (const [n, { fact, provenance }] of facts.entries()) {
    writer.db.run('insert_fact', blob(receiptId), n, JSON.stringify(fact), JSON.stringify(provenance));
  }
}

export function writeEvents(
  writer: Writer,
  { events, configVersion: decidedOn }: Pick<ReceiptPacket, 'events' | 'configVersion'>,
): EventSpots {
  return events.map(([event, deliveries]) => writeEvent(writer, event, deliveries, decidedOn));
}

/** Drops a slice of the rejected receipts that were received before `beforeMs`. */
export function dropOldRejected(writer: Writer, beforeMs: number, limit: number): void {
  drop(writer, writer.db.all('rejected_before', beforeMs, limit));
}

function drop(writer: Writer, receipts: readonly { id: Uint8Array }[]): void {
  for (const { id } of receipts) {
    writer.db.run('drop_receipt', id);
    writer.db.run('drop_facts', id);
    writer.db.run('drop_receipt_keys', id);
  }
}
