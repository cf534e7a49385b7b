import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { NewDelivery, RedeliveryRequest, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aClaim,
  anEvent,
  aRepeat,
  bytes,
  claimed,
  idsOf,
  newId,
  OTHER_TENANT,
  only,
  published,
  publishedTo,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
  text,
  upTo,
} from './samples.ts';

/** Redeliveries, replays and tests. */
export function redeliveries(sentence: Sentence): void {
  making(sentence);
  repeating(sentence);
  missing(sentence);
}

function asking(eventId: Id, delivery: NewDelivery, changes: Partial<RedeliveryRequest> = {}): RedeliveryRequest {
  return { tenant: TENANT, delivery, eventId, of: null, kind: 'redelivery', by: null, claims: [], ...changes };
}

async function closedDelivery(store: Store) {
  const hook = await subscribed(store);
  const ticket = await publishedTo(store, hook);
  await settledAs(store, succeeding(ticket));
  return { hook, ticket };
}

function making(sentence: Sentence): void {
  sentence('R1 a redelivery is a delivery of its own that knows what it repeats', async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    const delivery = aRepeat(hook);
    const outcome = await under.store.redeliver(
      asking(ticket.eventId, delivery, { of: ticket.deliveryId, by: newId() }),
    );
    const made = outcome.kind === 'appended' ? only(outcome.tickets) : null;
    assert.deepEqual([made?.deliveryId, made?.kind, made?.n], [delivery.deliveryId, 'redelivery', 0]);
    assert.deepEqual(only((await claimed(under.store)).tickets), made);
    const view = await under.store.delivery(TENANT, delivery.deliveryId);
    assert.deepEqual([view?.kind, view?.redeliverOf, view?.attempts], ['redelivery', ticket.deliveryId, 0]);
  });

  sentence('R1 replays and tests keep their kind, also when held, retried and closed', async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    const test = aRepeat(hook, { hold: { reason: 'circuit', key: '' } });
    const replay = aRepeat(hook);
    await under.store.redeliver(asking(ticket.eventId, test, { kind: 'test' }));
    await under.store.redeliver(asking(ticket.eventId, replay, { kind: 'replay', of: ticket.deliveryId }));
    const held = await under.store.laneHeads({ subscriptionId: hook, shard: 0 }, null, upTo(10));
    const due = only((await claimed(under.store)).tickets);
    assert.deepEqual([only(held.tickets).kind, due.kind], ['test', 'replay']);
    await settledAs(under.store, succeeding(due));
    const view = await under.store.delivery(TENANT, replay.deliveryId);
    assert.deepEqual([view?.kind, view?.redeliverOf], ['replay', ticket.deliveryId]);
  });

  sentence('R1 a redelivery does not wait for the configuration it was decided on', async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    await subscribed(under.store);
    const outcome = await under.store.redeliver(asking(ticket.eventId, aRepeat(hook), { of: ticket.deliveryId }));
    assert.equal(outcome.kind, 'appended');
  });
}

function repeating(sentence: Sentence): void {
  sentence('R2 the same redelivery id again makes nothing, open or closed', async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    const request = asking(ticket.eventId, aRepeat(hook), { of: ticket.deliveryId });
    const first = await under.store.redeliver(request);
    await under.store.redeliver(request);
    assert.equal(idsOf(await claimed(under.store)).length, 1);
    await settledAs(under.store, succeeding(only(first.kind === 'appended' ? first.tickets : [])));
    const third = await under.store.redeliver(request);
    assert.deepEqual(third, { kind: 'appended', tickets: [] });
    assert.deepEqual(idsOf(await claimed(under.store)), []);
  });

  sentence(
    'R2 an id that is open in the due index is not opened in a lane too, nor the other way round',
    async (under) => {
      const { hook, ticket } = await closedDelivery(under.store);
      const [due, held] = [aRepeat(hook), aRepeat(hook, { hold: { reason: 'paused', key: '' } })];
      for (const delivery of [due, held]) await under.store.redeliver(asking(ticket.eventId, delivery));
      await under.store.redeliver(asking(ticket.eventId, { ...due, hold: held.hold }));
      await under.store.redeliver(asking(ticket.eventId, { ...held, hold: null }));
      assert.deepEqual(idsOf(await claimed(under.store)), [due.deliveryId]);
      const lane = await under.store.laneHeads({ subscriptionId: hook, shard: 0 }, null, upTo(10));
      assert.deepEqual(idsOf(lane), [held.deliveryId]);
    },
  );

  sentence("R2 an event's own delivery is not opened again under its id", async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    const { deliveryId } = ticket;
    const outcome = await under.store.redeliver(
      asking(ticket.eventId, aRepeat(hook, { deliveryId }), { of: deliveryId }),
    );
    assert.deepEqual(outcome, { kind: 'appended', tickets: [] });
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    const view = await under.store.delivery(TENANT, deliveryId);
    assert.deepEqual([view?.kind, view?.redeliverOf, view?.last?.closes], ['first', null, 'succeeded']);
  });

  sentence('R2 a redelivery under a used key repeats the first answer', async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    const claims = [aClaim('k', { answer: bytes('one') })];
    await under.store.redeliver(asking(ticket.eventId, aRepeat(hook), { claims }));
    const again = await under.store.redeliver(asking(ticket.eventId, aRepeat(hook), { claims }));
    assert.equal(again.kind === 'repeated' && text(again.answer), 'one');
    assert.equal(idsOf(await claimed(under.store)).length, 1);
    const mismatch = [aClaim('k', { bodyHash: bytes('other') })];
    const refused = await under.store.redeliver(asking(ticket.eventId, aRepeat(hook), { claims: mismatch }));
    assert.deepEqual(refused, { kind: 'mismatch', scope: 'POST /events' });
  });
}

function missing(sentence: Sentence): void {
  sentence('R3 a redelivery of what is not there is missing and takes no key', async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    const claims = [aClaim('k')];
    const noEvent = asking(newId(), aRepeat(hook), { claims });
    const noDelivery = asking(ticket.eventId, aRepeat(hook), { of: newId(), claims });
    assert.deepEqual(await under.store.redeliver(noEvent), { kind: 'missing' });
    assert.deepEqual(await under.store.redeliver(noDelivery), { kind: 'missing' });
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'k'), null);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
  });

  sentence("R3 another tenant's event or delivery is missing", async (under) => {
    const { hook, ticket } = await closedDelivery(under.store);
    const foreign = asking(ticket.eventId, aRepeat(hook), { tenant: OTHER_TENANT });
    assert.deepEqual(await under.store.redeliver(foreign), { kind: 'missing' });
    const theirs = anEvent({ tenant: OTHER_TENANT });
    await published(under.store, theirs, []);
    const mixed = asking(theirs.id, aRepeat(hook), { tenant: OTHER_TENANT, of: ticket.deliveryId });
    assert.deepEqual(await under.store.redeliver(mixed), { kind: 'missing' });
  });

  sentence('R3 a delivery that is still open can be repeated', async (under) => {
    const hook = await subscribed(under.store);
    const ticket = await publishedTo(under.store, hook);
    const outcome = await under.store.redeliver(asking(ticket.eventId, aRepeat(hook), { of: ticket.deliveryId }));
    assert.equal(outcome.kind, 'appended');
    assert.equal(idsOf(await claimed(under.store)).length, 2);
  });
}
