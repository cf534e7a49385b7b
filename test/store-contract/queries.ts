import assert from 'node:assert/strict';
import type { DeliveryQuery, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aDelivery,
  anEvent,
  engineMs,
  giving,
  laneOf,
  newId,
  OTHER_TENANT,
  parking,
  published,
  publishedTo,
  reopened,
  retrying,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
} from './samples.ts';

/** Q1: what a reader sees, at once. */
export function queries(sentence: Sentence): void {
  views(sentence);
  statuses(sentence);
  stored(sentence);
}

function views(sentence: Sentence): void {
  sentence('Q1 a settled attempt is visible at once, in the list and by its id', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent({ owner: 'org:7' });
    const [ticket] = await published(under.store, event, [aDelivery(event, hook)]);
    assert.ok(ticket);
    const { id, tenant, type, owner, acceptedAtMs } = event;
    const fresh = {
      deliveryId: ticket.deliveryId,
      subscriptionId: hook,
      event: { id, tenant, type, owner, acceptedAtMs },
      kind: 'first',
      redeliverOf: null,
      open: { place: ticket.place, hold: null },
      attempts: 0,
      last: null,
      tried: null,
    };
    assert.deepEqual(await under.store.delivery(TENANT, ticket.deliveryId), fresh);
    const close = succeeding(ticket);
    await settledAs(under.store, close);
    const closed = { ...fresh, open: null, attempts: 1, last: close.attempt, tried: close.attempt };
    assert.deepEqual(await under.store.delivery(TENANT, ticket.deliveryId), closed);
    assert.deepEqual(await under.store.deliveries({ tenant: TENANT, limit: 10 }), [closed]);
  });

  sentence('Q1 a row that only closes is not counted, and shown beside the last try', async (under) => {
    const ticket = await publishedTo(under.store, await subscribed(under.store));
    const untried = await publishedTo(under.store, await subscribed(under.store));
    const first = retrying(ticket, 0);
    const again = retrying(await reopened(under.store, first), 0);
    await settledAs(under.store, giving(await reopened(under.store, again), 'cancelled'));
    await settledAs(under.store, giving(untried, 'expired'));
    const view = await under.store.delivery(TENANT, ticket.deliveryId);
    assert.deepEqual([view?.attempts, view?.last?.n, view?.last?.closes], [2, 3, 'cancelled']);
    assert.deepEqual(view?.tried, again.attempt);
    const listed = await under.store.deliveries({ tenant: TENANT, limit: 10 });
    assert.deepEqual(
      new Map(listed.map(({ deliveryId, tried }) => [deliveryId, tried])),
      new Map([
        [untried.deliveryId, null],
        [ticket.deliveryId, again.attempt],
      ]),
    );
  });

  sentence('P1 a delivery in a lane says what holds it, since when and by when that is probed', async (under) => {
    const hook = await subscribed(under.store);
    const fromMs = await engineMs(under.store);
    const ticket = await publishedTo(under.store, hook, { hold: { reason: 'full', key: '' } });
    const first = (await under.store.delivery(TENANT, ticket.deliveryId))?.open?.hold;
    assert.deepEqual([first?.reason, first?.probeAtMs], ['full', null]);
    assert.ok((first?.sinceMs ?? 0) >= fromMs);
    await under.advance(1_000);
    await under.store.setLane({ subscriptionId: hook, shard: 0, reason: 'circuit', probeAtMs: 9 });
    const { reason, sinceMs, probeAtMs } = (await laneOf(under.store, hook)) ?? assert.fail('it has a lane');
    const open = { place: ticket.place, hold: { reason, sinceMs, probeAtMs } };
    assert.deepEqual([reason, probeAtMs], ['circuit', 9]);
    assert.ok(sinceMs >= (first?.sinceMs ?? 0) + 1_000, 'since it got this reason');
    assert.deepEqual((await under.store.delivery(TENANT, ticket.deliveryId))?.open, open);
    const listed = await under.store.deliveries({ tenant: TENANT, limit: 10 });
    assert.deepEqual(
      listed.map((view) => view.open),
      [open],
    );
  });

  sentence('P1 what is due is held by nothing, whatever holds the lane of its subscription', async (under) => {
    const hook = await subscribed(under.store);
    const ticket = await publishedTo(under.store, hook);
    await under.store.setLane({ subscriptionId: hook, shard: 0, reason: 'circuit', probeAtMs: 9 });
    const view = await under.store.delivery(TENANT, ticket.deliveryId);
    assert.deepEqual(view?.open, { place: ticket.place, hold: null });
  });

  sentence("Q1 another tenant's deliveries, attempts and events are not there", async (under) => {
    const ticket = await publishedTo(under.store, await subscribed(under.store));
    await settledAs(under.store, succeeding(ticket));
    assert.equal(await under.store.delivery(OTHER_TENANT, ticket.deliveryId), null);
    assert.deepEqual(await under.store.attempts(OTHER_TENANT, ticket.deliveryId), []);
    assert.equal(await under.store.event(OTHER_TENANT, ticket.eventId), null);
    assert.deepEqual(await under.store.deliveries({ tenant: OTHER_TENANT, limit: 10 }), []);
    assert.deepEqual(await under.store.events({ tenant: OTHER_TENANT, limit: 10 }), []);
  });
}

/** One delivery in each status there is, by name. */
async function oneOfEach(store: Store): Promise<ReadonlyMap<string, string>> {
  const hook = await subscribed(store);
  const fresh = async () => publishedTo(store, hook);
  const pending = await fresh();
  const held = await publishedTo(store, hook, { hold: { reason: 'ordered', key: 'k' } });
  const retried = await reopened(store, retrying(await fresh(), 60_000));
  const parked = await reopened(
    store,
    parking(await reopened(store, retrying(await fresh(), 0)), { reason: 'circuit', key: '' }),
  );
  const named = new Map(Object.entries({ pending, held, retried, parked }).map(([name, t]) => [name, t.deliveryId]));
  for (const closes of ['failed_permanent', 'cancelled', 'expired'] as const) {
    const ticket = await fresh();
    await settledAs(store, giving(ticket, closes));
    named.set(closes, ticket.deliveryId);
  }
  const delivered = await fresh();
  await settledAs(store, succeeding(delivered));
  return named.set('succeeded', delivered.deliveryId);
}

const BY_STATUS: Readonly<Record<NonNullable<DeliveryQuery['status']>, readonly string[]>> = {
  pending: ['pending', 'held'],
  failed_retry: ['retried', 'parked'],
  succeeded: ['succeeded'],
  failed_permanent: ['failed_permanent'],
  cancelled: ['cancelled'],
  expired: ['expired'],
  undelivered: ['pending', 'held', 'retried', 'parked', 'failed_permanent', 'expired'],
};

function statuses(sentence: Sentence): void {
  sentence('Q1 each status lists its deliveries, newest first', async (under) => {
    const named = await oneOfEach(under.store);
    for (const [status, names] of Object.entries(BY_STATUS)) {
      const query = { tenant: TENANT, limit: 20, status } as DeliveryQuery;
      const found = (await under.store.deliveries(query)).map((view) => view.deliveryId);
      const wanted = names.map((name) => named.get(name) ?? name);
      assert.deepEqual(found, wanted.toSorted().toReversed(), status);
    }
    assert.equal((await under.store.deliveries({ tenant: TENANT, limit: 20 })).length, named.size);
  });

  sentence('Q1 a status is paged like any other list', async (under) => {
    const named = await oneOfEach(under.store);
    const query = { tenant: TENANT, status: 'undelivered' } as const;
    const all = (await under.store.deliveries({ ...query, limit: 20 })).map((view) => view.deliveryId);
    const paged: string[] = [];
    while (paged.length < named.size) {
      const before = paged.at(-1);
      const page = await under.store.deliveries({ ...query, limit: 2, ...(before === undefined ? {} : { before }) });
      if (page.length === 0) break;
      paged.push(...page.map((view) => view.deliveryId));
    }
    assert.deepEqual(paged, all);
  });
}

function stored(sentence: Sentence): void {
  sentence('X1 an event keeps the configuration version and the targets it was decided on', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent({ externalId: 'their-id', orderingKey: 'o', source: { kind: 'receipt', id: newId() } });
    const delivery = aDelivery(event, hook, { subscriptionVersion: 1 });
    await published(under.store, event, [delivery]);
    const stored = await under.store.event(TENANT, event.id);
    assert.deepEqual(stored && { ...stored, targets: stored.targets.slice() }, {
      event,
      configVersion: 1,
      targets: [{ subscriptionId: hook, subscriptionVersion: 1, deliveryId: delivery.deliveryId }],
    });
    assert.equal(await under.store.event(TENANT, newId()), null);
  });
}
