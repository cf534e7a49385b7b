import type { DedupeKey } from '../core/dedupe.ts';
import type { Id } from '../core/ids.ts';
import { REJECTED_BODY_BYTES, type Receipt } from '../core/receipt.ts';
import { understand } from '../core/understanding.ts';
import type { Ports } from '../ports.ts';
import type { OpenSource } from './sources.ts';

/** Outcomes of what was taken in as a message of its own. */
const TAKEN: ReadonlySet<Receipt['outcome']> = new Set<Receipt['outcome']>(['processed', 'ignored', 'held']);

const PAGE_ROWS = 50;
/** Of a source that is sent more than this in the time around, not all is looked at. */
const MAX_PAGES = 20;

/**
 * The receipt that was taken in shortly before or after another one and says the same; null without one. For keys that
 * the store forgets after their window: it would not know the repeat of a message that is accepted later than that.
 */
export async function findRepeated(
  { store, mac }: Pick<Ports, 'store' | 'mac'>,
  { id, tenant, sourceId, receivedAtMs }: Receipt,
  { config }: OpenSource,
  dedupe: DedupeKey | null,
): Promise<Id | null> {
  if (dedupe === null || dedupe.windowMs === null) return null;
  const around = { sinceMs: receivedAtMs - dedupe.windowMs, untilMs: receivedAtMs + dedupe.windowMs };
  const query = { tenant, sourceId, ...around, limit: PAGE_ROWS, maxBodyBytes: REJECTED_BODY_BYTES };
  let before: { before?: Id } = {};
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await store.receipts({ ...query, ...before });
    for (const { receipt } of page) {
      const isWhole = receipt.body.length < REJECTED_BODY_BYTES;
      if (receipt.id === id || !TAKEN.has(receipt.outcome) || !isWhole) continue;
      if (understand(receipt, config, mac.sha256).dedupe?.key === dedupe.key) return receipt.id;
    }
    const last = page.at(-1)?.receipt.id;
    if (last === undefined || page.length < PAGE_ROWS) return null;
    before = { before: last };
  }
  return null;
}
