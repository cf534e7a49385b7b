/** Reading receipts with their facts. */

import type { ReadFact } from '../../core/fact.ts';
import type { Id } from '../../core/ids.ts';
import type { Receipt } from '../../core/receipt.ts';
import type { ReceiptQuery, StoredReceipt } from '../../ports/store.ts';
import { blob, idOf, unpackIds } from '../sql/id-bytes.ts';
import type { Order } from '../sql/order.ts';
import type { Database, Value } from './database.ts';
import { idOrNull } from './rows.ts';
import { endOf, type IdRange, walk } from './walk.ts';

interface ReceiptRow {
  id: Uint8Array;
  tenant: Uint8Array;
  source_id: Uint8Array;
  received_ms: number;
  method: string;
  headers: string;
  body: Uint8Array;
  verdict: string;
  outcome: Receipt['outcome'];
  reason: string | null;
  duplicate_of: Uint8Array | null;
  body_differs: number;
  event_ids: Uint8Array;
  redelivery_of: Uint8Array | null;
  remote_address: string | null;
  proof: Uint8Array | null;
  revision: number;
}

export function* receipts(
  db: Database,
  query: ReceiptQuery,
): Generator<undefined, readonly StoredReceipt[], undefined> {
  const { sourceId, outcome } = query;
  const values: Record<string, Value> = {
    tenant: blob(query.tenant),
    body_bytes: query.maxBodyBytes ?? Number.MAX_SAFE_INTEGER,
  };
  const pieces = ['receipts', sourceId === undefined ? 'receipts.tenant' : 'receipts.source'];
  if (sourceId !== undefined) values.source = blob(sourceId);
  if (outcome !== undefined) {
    pieces.push('receipts.outcome');
    values.outcome = outcome;
  }
  const rows = yield* walk(
    {
      end: (range, order) => sliceEnd(db, query, range, order),
      rows: (range, limit, order) =>
        db.select<ReceiptRow>([...pieces, `receipts.${order}`], { ...values, ...range, limit }),
    },
    query,
  );
  return rows.map((row) => storedReceipt(db, row));
}

function sliceEnd(db: Database, { tenant, sourceId }: ReceiptQuery, range: IdRange, order: Order): Uint8Array | null {
  return sourceId === undefined
    ? endOf(db, 'slices.receipts', { ...range, tenant: blob(tenant) }, order)
    : endOf(db, 'slices.receipts_of_source', { ...range, source: blob(sourceId) }, order);
}

export function receipt(db: Database, input: { tenant: Id; id: Id }): StoredReceipt | null {
  const row = db.get<ReceiptRow>('receipt', blob(input.id), blob(input.tenant));
  return row === undefined ? null : storedReceipt(db, row);
}

/** Oldest first. */
export function heldReceipts(
  db: Database,
  input: { sourceId: Id; receipts: number; bytes: number },
): readonly StoredReceipt[] {
  type Size = { id: Uint8Array; tenant: Uint8Array; bytes: number };
  const found: StoredReceipt[] = [];
  let left = input.bytes;
  for (const { id, tenant, bytes } of db.all<Size>('held_sizes', blob(input.sourceId), input.receipts)) {
    left -= bytes;
    const row = found.length === 0 || left >= 0 ? db.get<ReceiptRow>('receipt', id, tenant) : undefined;
    if (row === undefined) break;
    found.push(storedReceipt(db, row));
  }
  return found;
}

function storedReceipt(db: Database, row: ReceiptRow): StoredReceipt {
  return { receipt: receiptOf(row), facts: factsOf(db, row.id), eventIds: unpackIds(row.event_ids) };
}

function receiptOf(row: ReceiptRow): Receipt {
  const { method, body, outcome, reason } = row;
  return {
    id: idOf(row.id),
    tenant: idOf(row.tenant),
    sourceId: idOf(row.source_id),
    receivedAtMs: row.received_ms,
    method,
    headers: JSON.parse(row.headers),
    body,
    verdict: JSON.parse(row.verdict),
    outcome,
    reason,
    duplicateOf: idOrNull(row.duplicate_of),
    bodyDiffers: row.body_differs === 1,
    redeliveryOf: idOrNull(row.redelivery_of),
    remoteAddress: row.remote_address,
    proof: row.proof,
    revision: row.revision,
  };
}

function factsOf(db: Database, receiptId: Uint8Array): readonly ReadFact[] {
  const rows = db.all<{ fact: string; provenance: string }>('facts', receiptId);
  return rows.map((row) => ({ fact: JSON.parse(row.fact), provenance: JSON.parse(row.provenance) }));
}
