import type { DedupeKey } from '../../core/dedupe.ts';
import type { Id } from '../../core/ids.ts';
import { isRedelivery, REJECTED_KEPT_MS, type Receipt, type Repeat } from '../../core/receipt.ts';
import type { Handover, ReceiptOutcome, ReceiptRequest, StoredReceipt } from '../../ports/store.ts';
import { staleness, writeEvent } from './append.ts';
import { copyOf, sameBytes } from './copy.ts';
import type { Tables } from './tables.ts';

export function recordReceipt(tables: Tables, request: ReceiptRequest): ReceiptOutcome {
  const { dedupe, replay } = request;
  const earlier = tables.receipts.get(request.receipt.id);
  if (earlier !== undefined) return recordedAs(earlier.receipt);
  const { sourceId } = request.receipt;
  const replayed = holderOf(tables, sourceId, replay);
  const first = replayed ?? holderOf(tables, sourceId, dedupe);
  const repeat = first === null ? null : repeatOf(first, request.receipt);
  const redeliveryAfterMs = replayed === null ? (dedupe?.redeliveryAfterMs ?? null) : null;
  if (repeat !== null && !isRedelivery(redeliveryAfterMs, repeat)) {
    if (replayed === null) giveKey(tables, { id: repeat.of, sourceId }, replay);
    return recordDuplicate(tables, request.receipt, repeat);
  }
  const receipt = repeat === null ? request.receipt : { ...request.receipt, redeliveryOf: repeat.of };
  const stale = staleness(tables, receipt.tenant, request.configVersion);
  if (stale !== null) return stale;
  const eventIds = request.events.map(({ event }) => event.id);
  tables.receipts.set(receipt.id, copyOf({ receipt, facts: request.facts, eventIds }));
  // The key of a redelivery stays with the first.
  if (repeat === null) giveKey(tables, receipt, dedupe);
  giveKey(tables, receipt, replay);
  const handovers = writeEvents(tables, request);
  if (receipt.outcome === 'rejected') dropRejectedBeyond(tables, receipt, request.maxRejected);
  return { kind: 'recorded', handovers, redeliveryOf: receipt.redeliveryOf };
}

function recordedAs({ duplicateOf, bodyDiffers, redeliveryOf }: Receipt): ReceiptOutcome {
  if (duplicateOf !== null) return { kind: 'duplicate', of: duplicateOf, bodyDiffers };
  return { kind: 'recorded', handovers: [], redeliveryOf };
}

function dedupeName(sourceId: Id, key: string): string {
  return JSON.stringify([sourceId, key]);
}

/** The receipt that holds a key by now; null when the key is free, or there is none. */
export function holderOf(tables: Tables, sourceId: Id, dedupe: DedupeKey | null): Receipt | null {
  if (dedupe === null) return null;
  const holder = tables.dedupes.get(dedupeName(sourceId, dedupe.key));
  if (holder === undefined) return null;
  const isOver = holder.untilMs !== null && holder.untilMs <= tables.nowMs();
  return isOver ? null : (tables.receipts.get(holder.receiptId)?.receipt ?? null);
}

/** What a source holds, in the order of its ids. */
export function heldOf(tables: Tables, sourceId: Id): StoredReceipt[] {
  const all = tables.receipts.after(null);
  return all.filter(({ receipt }) => receipt.sourceId === sourceId && receipt.outcome === 'held').toArray();
}

/** Makes a receipt the holder of a key from now on. */
export function giveKey(
  tables: Tables,
  { id, sourceId }: Pick<Receipt, 'id' | 'sourceId'>,
  dedupe: DedupeKey | null,
): void {
  if (dedupe === null) return;
  const { key, windowMs } = dedupe;
  const untilMs = windowMs === null ? null : tables.nowMs() + windowMs;
  tables.dedupes.set(dedupeName(sourceId, key), { receiptId: id, untilMs });
}

export function repeatOf(first: Receipt, { body, receivedAtMs }: Receipt): Repeat {
  const afterMs = receivedAtMs - first.receivedAtMs;
  return { of: first.id, outcome: first.outcome, bodyDiffers: !sameBytes(body, first.body), afterMs };
}

function recordDuplicate(tables: Tables, receipt: Receipt, { of, bodyDiffers }: Repeat): ReceiptOutcome {
  const stored: Receipt = { ...copyOf(receipt), outcome: 'duplicate', duplicateOf: of, bodyDiffers };
  tables.receipts.set(receipt.id, { receipt: stored, facts: [], eventIds: [] });
  return { kind: 'duplicate', of, bodyDiffers };
}

/** An event that was stored before keeps what it has, and hands nothing over. */
export function writeEvents(
  tables: Tables,
  { events, configVersion }: Pick<ReceiptRequest, 'events' | 'configVersion'>,
): Handover[] {
  const fresh = events.filter(({ event }) => tables.events.get(event.id) === undefined);
  return fresh.map((appended) => ({
    event: copyOf(appended.event),
    tickets: writeEvent(tables, appended, configVersion),
  }));
}

function dropRejectedBeyond(tables: Tables, { sourceId }: Receipt, maxRejected: number): void {
  const rejected = rejectedOf(tables).filter((receipt) => receipt.sourceId === sourceId);
  for (const { id } of rejected.slice(maxRejected)) drop(tables, id);
}

export function dropOldRejected(tables: Tables): void {
  const oldestMs = tables.nowMs() - REJECTED_KEPT_MS;
  for (const { id, receivedAtMs } of rejectedOf(tables)) if (receivedAtMs < oldestMs) drop(tables, id);
}

/** The keys that it holds go with it: the same receipt may be recorded again. */
function drop(tables: Tables, id: Id): void {
  tables.receipts.delete(id);
  for (const [name, { receiptId }] of tables.dedupes) if (receiptId === id) tables.dedupes.delete(name);
}

/** Newest first. */
function rejectedOf(tables: Tables): Receipt[] {
  const all = tables.receipts.before(null).map(({ receipt }: StoredReceipt) => receipt);
  return all.filter(({ outcome }) => outcome === 'rejected').toArray();
}
