/** Receipts as rows: with their facts and their keys, all in one statement. */
import type { DedupeKey } from '../../core/dedupe.ts';
import type { Id } from '../../core/ids.ts';
import type { Receipt } from '../../core/receipt.ts';
import type { ReceiptRequest } from '../../ports/store.ts';
import { keyUntilMs } from '../sql/revision.ts';
import type { Session } from './database.ts';
import { columns } from './values.ts';

export interface NewReceipt {
  receipt: Receipt;
  eventIds: readonly Id[];
}

export interface NewFact {
  receiptId: Id;
  /** Its place among those of the receipt. */
  n: number;
  read: ReceiptRequest['facts'][number];
}

/** A key with its holder from now on; null is for ever. */
export interface NewKey {
  sourceId: Id;
  key: string;
  receiptId: Id;
  untilMs: number | null;
}

export interface ReceiptRows {
  receipts: readonly NewReceipt[];
  facts: readonly NewFact[];
  /** Each key once. */
  keys: readonly NewKey[];
}

/** The facts of a receipt, in their order. */
export function factsOf(receiptId: Id, facts: ReceiptRequest['facts']): readonly NewFact[] {
  return facts.map((read, n) => ({ receiptId, n, read }));
}

/** A key that a receipt holds from now on. */
export function newKey({ id, sourceId }: Pick<Receipt, 'id' | 'sourceId'>, dedupe: DedupeKey, nowMs: number): NewKey {
  return { sourceId, key: dedupe.key, receiptId: id, untilMs: keyUntilMs(dedupe, nowMs) };
}

/** Writes all of it. Throws when a receipt is there already. */
export async function writeReceipts(session: Session, { receipts, facts, keys }: ReceiptRows): Promise<void> {
  if (receipts.length + facts.length + keys.length === 0) return;
  await session.run('write_receipts', {
    ...receiptColumns(receipts),
    ...columns(facts, {
      fact_receipts: ({ receiptId }) => receiptId,
      fact_ns: ({ n }) => n,
      facts: ({ read }) => JSON.stringify(read.fact),
      fact_provenances: ({ read }) => JSON.stringify(read.provenance),
    }),
    ...columns(keys, {
      key_sources: ({ sourceId }) => sourceId,
      keys: ({ key }) => key,
      key_receipts: ({ receiptId }) => receiptId,
      key_untils: ({ untilMs }) => untilMs,
    }),
  });
}

function receiptColumns(receipts: readonly NewReceipt[]) {
  return columns(receipts, {
    ids: ({ receipt }) => receipt.id,
    tenants: ({ receipt }) => receipt.tenant,
    sources: ({ receipt }) => receipt.sourceId,
    received: ({ receipt }) => receipt.receivedAtMs,
    methods: ({ receipt }) => receipt.method,
    headers: ({ receipt }) => JSON.stringify(receipt.headers),
    bodies: ({ receipt }) => receipt.body,
    verdicts: ({ receipt }) => JSON.stringify(receipt.verdict),
    outcomes: ({ receipt }) => receipt.outcome,
    reasons: ({ receipt }) => receipt.reason,
    duplicates_of: ({ receipt }) => receipt.duplicateOf,
    body_differs: ({ receipt }) => Number(receipt.bodyDiffers),
    // An array of arrays is one long row of items to `unnest`; as text each stays one.
    event_ids: ({ eventIds }) => `{${eventIds.join()}}`,
    redeliveries_of: ({ receipt }) => receipt.redeliveryOf,
    remote_addresses: ({ receipt }) => receipt.remoteAddress,
    proofs: ({ receipt }) => receipt.proof,
    revisions: ({ receipt }) => receipt.revision,
  });
}
