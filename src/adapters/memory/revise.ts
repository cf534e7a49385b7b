import type { Receipt, Repeat } from '../../core/receipt.ts';
import type { ReceiptRevision, RevisionOutcome, StoredReceipt } from '../../ports/store.ts';
import { staleness } from './append.ts';
import { copyOf } from './copy.ts';
import { keepClaims, refusedBy } from './idempotency.ts';
import { giveKey, holderOf, repeatOf, writeEvents } from './receipts.ts';
import type { Tables } from './tables.ts';

export function reviseReceipt(tables: Tables, request: ReceiptRevision): RevisionOutcome {
  const { tenant, claims } = request;
  const refused = refusedBy(tables, tenant, claims);
  if (refused !== null) return refused;
  const stored = tables.receipts.get(request.id);
  if (stored?.receipt.tenant !== tenant) return { kind: 'missing' };
  const { receipt } = stored;
  if (receipt.revision !== request.revision) return { kind: 'conflict', revision: receipt.revision };
  const repeat = repeatedBy(tables, receipt, request);
  const stale = repeat === null ? staleness(tables, tenant, request.configVersion) : null;
  if (stale !== null) return stale;
  keepClaims(tables, tenant, claims);
  if (repeat !== null) {
    keep(tables, request, { ...stored, facts: [] }, repeat);
    return { kind: 'duplicate', of: repeat.of, bodyDiffers: repeat.bodyDiffers };
  }
  const eventIds = new Set([...stored.eventIds, ...request.events.map(({ event }) => event.id)]);
  keep(tables, request, { receipt, facts: request.facts, eventIds: [...eventIds] }, null);
  for (const key of [request.dedupe, request.replay]) giveKey(tables, receipt, key);
  return { kind: 'revised', handovers: writeEvents(tables, request) };
}

/** What another receipt under one of the keys makes of this one; null when there is none. */
function repeatedBy(tables: Tables, receipt: Receipt, { dedupe, replay }: ReceiptRevision): Repeat | null {
  const holders = [replay, dedupe].map((key) => holderOf(tables, receipt.sourceId, key));
  const first = holders.find((held) => held !== null && held.id !== receipt.id) ?? null;
  return first === null ? null : repeatOf(first, receipt);
}

function keep(tables: Tables, request: ReceiptRevision, stored: StoredReceipt, repeat: Repeat | null): void {
  const receipt: Receipt = {
    ...stored.receipt,
    verdict: request.verdict,
    outcome: repeat === null ? request.outcome : 'duplicate',
    reason: request.reason,
    duplicateOf: repeat?.of ?? null,
    bodyDiffers: repeat?.bodyDiffers ?? false,
    proof: null,
    revision: request.revision + 1,
  };
  tables.receipts.set(receipt.id, copyOf({ ...stored, receipt }));
}
