import assert from 'node:assert/strict';
import type { EventAppend, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { revising } from './revisions.ts';
import {
  aClaim,
  aDelivery,
  anEvent,
  aReceipt,
  claimed,
  idsOf,
  newId,
  publishedTo,
  recording,
  TENANT,
} from './samples.ts';

/** What fails in the middle of a transaction leaves nothing of it: of stores that can fail there. */
export function rollbacks(sentence: Sentence): void {
  const keys = {
    dedupe: { key: 'k', windowMs: null, redeliveryAfterMs: null },
    replay: { key: 'r', windowMs: null, redeliveryAfterMs: null },
  };

  sentence('T1 a receipt whose last event cannot be stored is not there, and its keys are free', async (under) => {
    const { store } = under;
    const { events, open } = await failing(store);
    const request = recording(aReceipt(newId()), { events, ...keys });
    await assert.rejects(store.recordReceipt(request));
    await under.crash();
    assert.equal(await under.store.receipt(TENANT, request.receipt.id), null);
    await nothingOf(under.store, events, open);
    const next = recording(aReceipt(request.receipt.sourceId), keys);
    assert.deepEqual(await under.store.recordReceipt(next), { kind: 'recorded', handovers: [], redeliveryOf: null });
  });

  sentence('T1 a rejected receipt that cannot be stored drops none of those before it', async (under) => {
    const { store } = under;
    const source = newId();
    const kept = aReceipt(source, { outcome: 'rejected' });
    await store.recordReceipt(recording(kept));
    const { events, open } = await failing(store);
    const request = recording(aReceipt(source, { outcome: 'rejected' }), { events, maxRejected: 1 });
    await assert.rejects(store.recordReceipt(request));
    assert.deepEqual((await store.receipt(TENANT, kept.id))?.receipt, kept);
    await nothingOf(store, events, open);
  });

  sentence('T1 a revision whose last event cannot be stored changes nothing and takes no key', async (under) => {
    const { store } = under;
    const receipt = aReceipt(newId(), { outcome: 'held' });
    await store.recordReceipt(recording(receipt));
    const before = await store.receipt(TENANT, receipt.id);
    const { events, open } = await failing(store);
    await assert.rejects(store.reviseReceipt(revising(receipt, { events, claims: [aClaim('c')], ...keys })));
    await under.crash();
    assert.deepEqual(await under.store.receipt(TENANT, receipt.id), before);
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'c'), null);
    await nothingOf(under.store, events, open);
    const next = recording(aReceipt(receipt.sourceId), keys);
    assert.equal((await under.store.recordReceipt(next)).kind, 'recorded');
  });
}

/** Two events, the last of which cannot be stored: its delivery has the id of one that is open for another event. */
async function failing(store: Store) {
  const open = await publishedTo(store, newId());
  const [event, last] = [anEvent(), anEvent()];
  const taken = aDelivery(last, open.subscriptionId, { deliveryId: open.deliveryId });
  return {
    open,
    events: [
      { event, deliveries: [aDelivery(event, newId())] },
      { event: last, deliveries: [taken] },
    ],
  };
}

/** None of the events is there, and no delivery but the one that was there before. */
async function nothingOf(store: Store, events: readonly EventAppend[], open: { deliveryId: string }): Promise<void> {
  for (const { event } of events) assert.equal(await store.event(TENANT, event.id), null);
  assert.deepEqual(idsOf(await claimed(store)), [open.deliveryId]);
}
