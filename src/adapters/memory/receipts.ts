import type { Receipt } from '../../core/receipt.ts';
import type { Handover, ReceiptOutcome, ReceiptRequest, StoredReceipt } from '../../ports/store.ts';
import { staleness, writeEvent } from './append.ts';
import { copyOf, sameBytes } from './copy.ts';
import type { Tables } from './tables.ts';

export function recordReceipt(tables: Tables, request: ReceiptRequest): ReceiptOutcome {
  const { receipt } = request;
  if (tables.receipts.get(receipt.id) !== undefined) return { kind: 'recorded', handovers: [] };
  const first = repeatedBy(tables, request);
  if (first !== null) return recordDuplicate(tables, receipt, first);
  const stale = staleness(tables, receipt.tenant, request.configVersion);
  if (stale !== null) return stale;
  const handovers = writeReceipt(tables, request);
  if (receipt.outcome === 'rejected') dropOldRejected(tables, receipt, request.maxRejected);
  return { kind: 'recorded', handovers };
}

function dedupeName(sourceId: string, key: string): string {
  return JSON.stringify([sourceId, key]);
}

/** The receipt that holds this one's key by now, null when the key is free. */
function repeatedBy(tables: Tables, { receipt, dedupe }: ReceiptRequest): Receipt | null {
  if (dedupe === null) return null;
  const holder = tables.dedupes.get(dedupeName(receipt.sourceId, dedupe.key));
  if (holder === undefined) return null;
  const isOver = dedupe.windowMs !== null && tables.nowMs() - holder.atMs >= dedupe.windowMs;
  return isOver ? null : (tables.receipts.get(holder.receiptId)?.receipt ?? null);
}

function recordDuplicate(tables: Tables, receipt: Receipt, first: Receipt): ReceiptOutcome {
  const bodyDiffers = !sameBytes(receipt.body, first.body);
  const stored: Receipt = { ...copyOf(receipt), outcome: 'duplicate', duplicateOf: first.id, bodyDiffers };
  tables.receipts.set(receipt.id, { receipt: stored, facts: [], eventIds: [] });
  return { kind: 'duplicate', of: first.id, bodyDiffers };
}

function writeReceipt(tables: Tables, request: ReceiptRequest): Handover[] {
  const { receipt, dedupe } = request;
  const eventIds = request.events.map(({ event }) => event.id);
  const stored: StoredReceipt = { receipt, facts: request.facts, eventIds };
  tables.receipts.set(receipt.id, copyOf(stored));
  if (dedupe !== null) {
    const holder = { receiptId: receipt.id, atMs: tables.nowMs() };
    tables.dedupes.set(dedupeName(receipt.sourceId, dedupe.key), holder);
  }
  const fresh = request.events.filter(({ event }) => tables.events.get(event.id) === undefined);
  return fresh.map((appended) => ({
    event: copyOf(appended.event),
    tickets: writeEvent(tables, appended, request.configVersion),
  }));
}

function dropOldRejected(tables: Tables, { sourceId }: Receipt, maxRejected: number): void {
  const rejected = [...tables.receipts.before(null)]
    .map((stored) => stored.receipt)
    .filter((receipt) => receipt.sourceId === sourceId && receipt.outcome === 'rejected');
  for (const receipt of rejected.slice(maxRejected)) tables.receipts.delete(receipt.id);
}
