/** Reading receipts with their facts. */

import type { ReadFact } from '../../core/fact.ts';
import type { Id } from '../../core/ids.ts';
import type { Receipt } from '../../core/receipt.ts';
import type { ReceiptQuery, StoredReceipt } from '../../ports/store.ts';
import { orderOf, shownFrom, skippedOf } from '../sql/order.ts';
import type { Session } from './database.ts';
import { rangeOf } from './page.ts';

interface ReceiptRow {
  id: Id;
  tenant: Id;
  source_id: Id;
  received_ms: number;
  method: string;
  headers: string;
  body: Uint8Array;
  verdict: string;
  outcome: Receipt['outcome'];
  reason: string | null;
  duplicate_of: Id | null;
  body_differs: number;
  event_ids: readonly Id[];
  redelivery_of: Id | null;
  remote_address: string | null;
  proof: Uint8Array | null;
  revision: number;
}

/** More than a value may have. */
const WHOLE_BODY_BYTES = 2 ** 31 - 1;

export async function receipts(session: Session, query: ReceiptQuery): Promise<readonly StoredReceipt[]> {
  const { tenant, limit, sourceId, outcome, maxBodyBytes } = query;
  const walk = sourceId === undefined ? 'of_tenant' : 'of_source';
  const order = orderOf(query);
  const isIndexed = outcome === 'rejected' && sourceId !== undefined;
  const ofOutcome = outcome === undefined ? [] : [isIndexed ? 'receipts.rejected' : 'receipts.outcome'];
  const pieces = ['receipts', `receipts.range_${walk}`, ...ofOutcome, `receipts.${order}_${walk}`];
  const bytes = Math.min(maxBodyBytes ?? WHOLE_BODY_BYTES, WHOLE_BODY_BYTES);
  const filters = { source: sourceId ?? null, outcome: outcome ?? null };
  const values = { ...rangeOf(query), ...filters, tenant, limit, skipped: skippedOf(query), body_bytes: bytes };
  return withFacts(session, shownFrom(await session.rows<ReceiptRow>(pieces, values), order));
}

export async function receipt(session: Session, tenant: Id, id: Id): Promise<StoredReceipt | null> {
  const rows = await session.rows<ReceiptRow>('receipt', { id, tenant });
  return (await withFacts(session, rows))[0] ?? null;
}

/** Oldest first. */
export async function heldReceipts(
  session: Session,
  sourceId: Id,
  { receipts: limit, bytes }: { receipts: number; bytes: number },
): Promise<readonly StoredReceipt[]> {
  return withFacts(session, await session.rows<ReceiptRow>('held_receipts', { source: sourceId, limit, bytes }));
}

async function withFacts(session: Session, rows: readonly ReceiptRow[]): Promise<readonly StoredReceipt[]> {
  type FactRow = { receipt_id: Id; fact: string; provenance: string };
  const ids = rows.map(({ id }) => id);
  const facts = Map.groupBy(await session.rows<FactRow>('facts', { receipts: ids }), (row) => row.receipt_id);
  return rows.map((row) => ({
    receipt: receiptOf(row),
    facts: (facts.get(row.id) ?? []).map(readFact),
    eventIds: row.event_ids,
  }));
}

function readFact(row: { fact: string; provenance: string }): ReadFact {
  return { fact: JSON.parse(row.fact), provenance: JSON.parse(row.provenance) };
}

function receiptOf(row: ReceiptRow): Receipt {
  const { id, tenant, method, body, outcome, reason } = row;
  return {
    id,
    tenant,
    sourceId: row.source_id,
    receivedAtMs: row.received_ms,
    method,
    headers: JSON.parse(row.headers),
    body,
    verdict: JSON.parse(row.verdict),
    outcome,
    reason,
    duplicateOf: row.duplicate_of,
    bodyDiffers: row.body_differs === 1,
    redeliveryOf: row.redelivery_of,
    remoteAddress: row.remote_address,
    proof: row.proof,
    revision: row.revision,
  };
}
