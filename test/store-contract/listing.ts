import assert from 'node:assert/strict';
import type { HookEvent } from '../../src/core/event.ts';
import type { DeliveryQuery, EventQuery, Paging, ReceiptQuery, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { aDelivery, anEvent, aReceipt, BASE_MS, newId, published, recording, subscribed, TENANT } from './samples.ts';

/** Pages and filters of the three lists. */
export function listing(sentence: Sentence): void {
  pages(sentence);
  filters(sentence);
}

type Lister = (store: Store, paging: Paging) => Promise<readonly string[]>;

const LISTS: Readonly<Record<string, { fill(store: Store): Promise<readonly string[]>; list: Lister }>> = {
  events: {
    fill: async (store) => {
      const events = Array.from({ length: 5 }, () => anEvent());
      for (const event of events) await published(store, event, []);
      return events.map((event) => event.id);
    },
    list: async (store, paging) => (await store.events({ tenant: TENANT, ...paging })).map((event) => event.id),
  },
  deliveries: {
    fill: async (store) => {
      const hook = await subscribed(store);
      const events = Array.from({ length: 5 }, () => anEvent());
      const tickets = [];
      for (const event of events) tickets.push(...(await published(store, event, [aDelivery(event, hook)])));
      return tickets.map((ticket) => ticket.deliveryId);
    },
    list: async (store, paging) =>
      (await store.deliveries({ tenant: TENANT, ...paging })).map((view) => view.deliveryId),
  },
  receipts: {
    fill: async (store) => {
      const receipts = Array.from({ length: 5 }, () => aReceipt(newId()));
      for (const receipt of receipts) await store.recordReceipt(recording(receipt));
      return receipts.map((receipt) => receipt.id);
    },
    list: async (store, paging) =>
      (await store.receipts({ tenant: TENANT, ...paging })).map((stored) => stored.receipt.id),
  },
};

function pages(sentence: Sentence): void {
  for (const [name, { fill, list }] of Object.entries(LISTS)) {
    sentence(`Q1 ${name} are listed newest first, page by page`, async (under) => {
      const newestFirst = (await fill(under.store)).toReversed();
      assert.deepEqual(await list(under.store, { limit: 10 }), newestFirst);
      assert.deepEqual(await list(under.store, { limit: 2 }), newestFirst.slice(0, 2));
      assert.deepEqual(await list(under.store, { limit: 2, offset: 2 }), newestFirst.slice(2, 4));
      const before = newestFirst[3] ?? '';
      assert.deepEqual(await list(under.store, { limit: 2, before }), newestFirst.slice(4));
      assert.deepEqual(await list(under.store, { limit: 2, before, offset: 1 }), newestFirst.slice(4));
      assert.deepEqual(await list(under.store, { limit: 2, offset: 9 }), []);
    });
  }
}

/** Three events a second apart, each with another type and owner. */
function threeEvents(): readonly [HookEvent, HookEvent, HookEvent] {
  const at = (second: number, type: string, owner: string | null) => {
    const ms = BASE_MS + 3_600_000 + second * 1_000;
    return anEvent({ id: newId(ms), type, owner, acceptedAtMs: ms, occurredAtMs: ms });
  };
  return [at(0, 'image.pushed', 'org:7'), at(1, 'image.deleted', 'org:70'), at(2, 'deploy.done', null)];
}

function filters(sentence: Sentence): void {
  sentence('Q1 events are found by type, owner and time', async (under) => {
    const [first, second, third] = threeEvents();
    for (const event of [first, second, third]) await published(under.store, event, []);
    const found = async (query: Partial<EventQuery>) =>
      (await under.store.events({ tenant: TENANT, limit: 10, ...query })).map((event) => event.id);
    assert.deepEqual(await found({ type: 'image.deleted' }), [second.id]);
    assert.deepEqual(await found({ owner: 'org:7' }), [first.id]);
    assert.deepEqual(await found({ sinceMs: second.acceptedAtMs - 500 }), [third.id, second.id]);
    assert.deepEqual(await found({ untilMs: second.acceptedAtMs - 500 }), [first.id]);
    assert.deepEqual(await found({ untilMs: second.acceptedAtMs }), [first.id], 'before it, not at it');
    assert.deepEqual(await found({ type: 'image.pushed', owner: 'org:70' }), []);
  });

  sentence('Q1 events of an owner are those at its path and below, in whole segments', async (under) => {
    const owners = ['org:7', 'org:7/repo:42', 'org:70', 'org:70/repo:42', 'sub-org:7', 'org:7/repo:4/job:1', null];
    for (const owner of owners) await published(under.store, anEvent({ owner }), []);
    const found = async (owner: string) =>
      (await under.store.events({ tenant: TENANT, limit: 10, owner })).map((event) => event.owner).toReversed();
    assert.deepEqual(await found('org:7'), ['org:7', 'org:7/repo:42', 'org:7/repo:4/job:1']);
    assert.deepEqual(await found('org:7/repo:42'), ['org:7/repo:42']);
    assert.deepEqual(await found('repo:42'), ['org:7/repo:42', 'org:70/repo:42']);
    assert.deepEqual(await found('repo:4'), ['org:7/repo:4/job:1']);
    assert.deepEqual(await found('org:8'), []);
  });

  sentence('Q1 deliveries are found by subscription, event, type and time', async (under) => {
    const [hook, other] = [await subscribed(under.store), await subscribed(under.store)];
    const [first, second, third] = threeEvents();
    for (const event of [first, second]) await published(under.store, event, [aDelivery(event, hook)]);
    await published(under.store, third, [aDelivery(third, other)]);
    const found = async (query: Partial<DeliveryQuery>) =>
      (await under.store.deliveries({ tenant: TENANT, limit: 10, ...query })).map((view) => view.event.id);
    assert.deepEqual(await found({ subscriptionId: hook }), [second.id, first.id]);
    assert.deepEqual(await found({ eventId: first.id }), [first.id]);
    assert.deepEqual(await found({ type: 'deploy.done' }), [third.id]);
    assert.deepEqual(await found({ sinceMs: second.acceptedAtMs - 500 }), [third.id, second.id]);
    assert.deepEqual(await found({ untilMs: second.acceptedAtMs - 500 }), [first.id]);
    assert.deepEqual(await found({ untilMs: second.acceptedAtMs }), [first.id], 'before it, not at it');
    assert.deepEqual(await found({ subscriptionId: other, status: 'pending' }), [third.id]);
    assert.deepEqual(await found({ subscriptionId: hook, eventId: third.id }), []);
  });

  sentence('Q1 receipts are found by source, outcome and time', async (under) => {
    const source = newId();
    const at = (second: number, sourceId: string, outcome: 'processed' | 'ignored' | 'held') => {
      const ms = BASE_MS + 3_600_000 + second * 1_000;
      return aReceipt(sourceId, { id: newId(ms), receivedAtMs: ms, outcome });
    };
    const [first, second, third] = [at(0, source, 'processed'), at(1, source, 'ignored'), at(2, newId(), 'ignored')];
    for (const receipt of [first, second, third]) await under.store.recordReceipt(recording(receipt));
    const found = async (query: Partial<ReceiptQuery>) =>
      (await under.store.receipts({ tenant: TENANT, limit: 10, ...query })).map((stored) => stored.receipt.id);
    assert.deepEqual(await found({ sourceId: source }), [second.id, first.id]);
    assert.deepEqual(await found({ outcome: 'ignored' }), [third.id, second.id]);
    assert.deepEqual(await found({ sourceId: source, outcome: 'ignored' }), [second.id]);
    assert.deepEqual(await found({ sinceMs: second.receivedAtMs - 500 }), [third.id, second.id]);
    assert.deepEqual(await found({ untilMs: second.receivedAtMs - 500 }), [first.id]);
    assert.deepEqual(await found({ untilMs: second.receivedAtMs }), [first.id], 'before it, not at it');
    const held = at(3, source, 'held');
    await under.store.recordReceipt(recording(held));
    assert.deepEqual(await found({ outcome: 'held' }), [held.id]);
    assert.deepEqual(await found({ sourceId: source, outcome: 'held', sinceMs: held.receivedAtMs }), [held.id]);
    assert.deepEqual(await found({ outcome: 'held', sinceMs: held.receivedAtMs + 1 }), []);
  });
}
