/** Whether a store has exactly the receipts that its model says, in every list. */
import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { Receipt } from '../../src/core/receipt.ts';
import type { ReceiptQuery, Store } from '../../src/ports/store.ts';
import type { World } from './model.ts';
import { heldOf, idsOf } from './model-receipts.ts';
import { OTHER_TENANT, TENANT } from './samples.ts';

const PAGE = 7;

/** Every receipt is there as it was recorded or revised last, in its lists, and nothing else is. */
export async function checkReceipts(world: World): Promise<void> {
  const { store } = world.under;
  const known = world.receipts;
  for (const [id, expected] of known.stored) assert.deepEqual(await store.receipt(TENANT, id), expected);
  assert.deepEqual(await listed(store, {}), idsOf(known));
  for (const source of known.sources) {
    const ofSource = ({ sourceId }: Receipt) => sourceId === source;
    assert.deepEqual(await listed(store, { sourceId: source }), idsOf(known, ofSource));
    for (const outcome of ['held', 'rejected', 'duplicate'] as const) {
      const wanted = idsOf(known, (receipt) => ofSource(receipt) && receipt.outcome === outcome);
      assert.deepEqual(await listed(store, { sourceId: source, outcome }), wanted, outcome);
    }
    assert.deepEqual(await store.heldReceipts(source, { receipts: 10_000, bytes: 1e9 }), heldOf(known, source));
  }
  assert.deepEqual(await store.receipts({ tenant: OTHER_TENANT, limit: 1 }), []);
  const events = await store.events({ tenant: TENANT, limit: world.events.size + 1 });
  assert.equal(events.length, world.events.size, 'no event of what was a duplicate, stale or in conflict');
}

/** A list, read in pages. */
async function listed(store: Store, query: Partial<ReceiptQuery>): Promise<readonly Id[]> {
  const all: Id[] = [];
  for (;;) {
    const last = all.at(-1);
    const paging = last === undefined ? {} : { before: last };
    const page = await store.receipts({ tenant: TENANT, limit: PAGE, ...query, ...paging });
    all.push(...page.map(({ receipt }) => receipt.id));
    if (page.length < PAGE) return all;
  }
}
