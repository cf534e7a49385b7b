import assert from 'node:assert/strict';
import { MAX_DIRECT_TARGETS } from '../../src/core/event.ts';
import type { Id } from '../../src/core/ids.ts';
import { shardOf } from '../../src/core/ids.ts';
import type { AppendRequest } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aClaim,
  aDelivery,
  anEvent,
  bytes,
  claimed,
  engineMs,
  idsOf,
  laneOf,
  newId,
  only,
  published,
  publishedTo,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
} from './samples.ts';

/** A1, A2, A4, A5. */
export function appends(sentence: Sentence): void {
  durability(sentence);
  fanout(sentence);
  repetition(sentence);
  delays(sentence);
  holds(sentence);
  staleness(sentence);
}

function durability(sentence: Sentence): void {
  sentence('A1 an acknowledged event and its tickets are there after a crash', async (under) => {
    const hooks = [await subscribed(under.store), await subscribed(under.store)];
    const event = anEvent({ tags: ['a', 'b'], headers: { 'x-team': 'red' }, owner: 'org:7', externalId: 'their-1' });
    const deliveries = hooks.map((hook) => aDelivery(event, hook));
    const tickets = await published(under.store, event, deliveries);
    await under.crash();
    assert.deepEqual((await under.store.event(TENANT, event.id))?.event, event);
    assert.deepEqual([...idsOf(await claimed(under.store))].sort(), [...idsOf(tickets)].sort());
  });

  sentence(
    'A1 an append returns its tickets in the order decided, with shard and due time',
    async (under) => {
      const hooks = [await subscribed(under.store), await subscribed(under.store), await subscribed(under.store)];
      const event = anEvent();
      const tickets = await published(
        under.store,
        event,
        hooks.map((hook) => aDelivery(event, hook)),
      );
      const stored = await Promise.all([0, 1, 2, 3].map((shard) => claimed(under.store, shard)));
      assert.deepEqual(
        tickets.map(({ subscriptionId, n, kind, place }) => ({ subscriptionId, n, kind, shard: place.shard })),
        hooks.map((subscriptionId) => ({ subscriptionId, n: 0, kind: 'first', shard: shardOf(subscriptionId, 4) })),
      );
      const byId = new Map(stored.flatMap((found) => found.tickets).map((ticket) => [ticket.deliveryId, ticket]));
      assert.deepEqual(
        tickets,
        tickets.map((ticket) => byId.get(ticket.deliveryId)),
      );
    },
    { shards: 4 },
  );

  sentence('A1 a ticket handed over by an append can be settled without a claim', async (under) => {
    const ticket = await publishedTo(under.store, await subscribed(under.store));
    assert.equal(await settledAs(under.store, succeeding(ticket)), null);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
  });

  sentence('A1 an event that nobody wants is stored all the same', async (under) => {
    const event = anEvent();
    assert.deepEqual(await published(under.store, event, []), []);
    assert.deepEqual((await under.store.event(TENANT, event.id))?.targets.slice(), []);
  });

  sentence('A1 changing what was handed in or out does not change what is stored', async (under) => {
    const event = anEvent({ data: bytes('{"n":1}') });
    await published(under.store, event, []);
    event.data.fill(0);
    (await under.store.event(TENANT, event.id))?.event.data.fill(0);
    assert.deepEqual((await under.store.event(TENANT, event.id))?.event.data, bytes('{"n":1}'));
  });
}

function fanout(sentence: Sentence): void {
  sentence('A1 an event with exactly the most direct targets gets its tickets', async (under) => {
    const request = manyTargets(MAX_DIRECT_TARGETS);
    const outcome = await under.store.append(request);
    assert.equal(outcome.kind === 'appended' && outcome.tickets.length, MAX_DIRECT_TARGETS);
    assert.deepEqual(await under.store.claimTasks([0], 10), []);
  });

  sentence('A1 an event with more targets gets one fanout task and no tickets', async (under) => {
    const request = manyTargets(MAX_DIRECT_TARGETS + 1);
    assert.deepEqual(await under.store.append(request), { kind: 'appended', tickets: [] });
    await under.crash();
    const task = only(await under.store.claimTasks([0], 10));
    assert.deepEqual([task.kind, task.ref, task.n, task.shard], ['fanout', request.event.id, 0, 0]);
    assert.deepEqual([task.tenant, task.payload], [TENANT, bytes('')]);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    const stored = await under.store.event(TENANT, request.event.id);
    assert.equal(stored?.targets.length, request.deliveries.length);
    assert.deepEqual(stored.targets.slice(), request.deliveries.map(targetOf));
    assert.deepEqual(stored.targets.slice(3, 5), request.deliveries.slice(3, 5).map(targetOf));
    assert.deepEqual(stored.targets.slice(500, 900), request.deliveries.slice(500).map(targetOf));
  });

  sentence('O1 of many targets those with an ordering key are made with their event, and not again', async (under) => {
    const request = manyTargets(MAX_DIRECT_TARGETS + 1);
    const [first = assert.fail(), second = assert.fail(), ...others] = request.deliveries;
    const ordered = { ...second, hold: { reason: 'ordered', key: 'k' } } as const;
    const outcome = await under.store.append({ ...request, deliveries: [first, ordered, ...others] });
    const ticket = only(outcome.kind === 'appended' ? outcome.tickets : []);
    assert.deepEqual([ticket.deliveryId, ticket.place.kind], [second.deliveryId, 'lane']);
    const task = only(await under.store.claimTasks([0], 10));
    const eventId = request.event.id;
    const deliveries = [first, ordered].map((delivery) => ({ ...delivery, eventId }));
    const settled = await under.store.settleTask({ task, next: { kind: 'done' }, deliveries });
    assert.deepEqual(idsOf(settled.kind === 'settled' ? settled.tickets : []), [first.deliveryId]);
  });

  sentence(
    'A1 a fanout task lies on the shard of its event',
    async (under) => {
      const request = manyTargets(MAX_DIRECT_TARGETS + 1);
      await under.store.append(request);
      const task = only(await under.store.claimTasks([0, 1, 2, 3], 10));
      assert.equal(task.shard, shardOf(request.event.id, 4));
    },
    { shards: 4 },
  );
}

function targetOf(delivery: AppendRequest['deliveries'][number]) {
  const { subscriptionId, subscriptionVersion, deliveryId } = delivery;
  return { subscriptionId, subscriptionVersion, deliveryId };
}

function manyTargets(count: number): AppendRequest {
  const event = anEvent();
  const deliveries = Array.from({ length: count }, () => aDelivery(event, newId()));
  return { event, deliveries, configVersion: 0, claims: [] };
}

function repetition(sentence: Sentence): void {
  sentence('A2 the same event id again is a duplicate and writes nothing', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent();
    const request = { event, deliveries: [aDelivery(event, hook)], configVersion: 1, claims: [aClaim('once')] };
    await under.store.append({ ...request, claims: [] });
    assert.deepEqual(await under.store.append(request), { kind: 'duplicate' });
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'once'), null);
    assert.equal((await claimed(under.store)).tickets.length, 1);
  });

  sentence('A2 a repeated append never reopens a delivery that is closed', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent();
    const request = { event, deliveries: [aDelivery(event, hook)], configVersion: 1, claims: [] };
    await settledAs(under.store, succeeding(only(await published(under.store, event, request.deliveries))));
    assert.deepEqual(await under.store.append(request), { kind: 'duplicate' });
    assert.deepEqual(idsOf(await claimed(under.store)), []);
  });

  sentence('A2 of two appends of one event at once, one is the duplicate', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent();
    const request = { event, deliveries: [aDelivery(event, hook)], configVersion: 1, claims: [] };
    const outcomes = await Promise.all([under.store.append(request), under.store.append(request)]);
    assert.deepEqual(outcomes.map((outcome) => outcome.kind).sort(), ['appended', 'duplicate']);
    assert.equal((await claimed(under.store)).tickets.length, 1);
  });

  sentence('A2 a duplicate is recognised before its configuration is found stale', async (under) => {
    const event = anEvent();
    await published(under.store, event, []);
    await subscribed(under.store);
    const again = await under.store.append({ event, deliveries: [], configVersion: 0, claims: [] });
    assert.deepEqual(again, { kind: 'duplicate' });
  });
}

function delays(sentence: Sentence): void {
  sentence("A4 the engine's clock stamps when a delivery is due", async (under) => {
    const hook = await subscribed(under.store);
    const fromMs = await engineMs(under.store);
    const ticket = await publishedTo(under.store, hook, { delayMs: 5_000 });
    const untilMs = await engineMs(under.store);
    const dueMs = ticket.place.kind === 'due' ? ticket.place.dueMs : 0;
    assert.ok(dueMs >= fromMs + 5_000 && dueMs <= untilMs + 5_000, `${dueMs - fromMs} ms after the append`);
  });
}

function holds(sentence: Sentence): void {
  sentence('P1 a delivery that is held goes to its lane and makes its state', async (under) => {
    const hook = await subscribed(under.store);
    const fromMs = await engineMs(under.store);
    const ticket = await publishedTo(under.store, hook, { hold: { reason: 'paused', key: '' } });
    assert.deepEqual([ticket.place.kind, ticket.n], ['lane', 0]);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    const lane = await laneOf(under.store, hook);
    assert.deepEqual([lane?.reason, lane?.shard, lane?.probeAtMs], ['paused', 0, null]);
    assert.ok((lane?.sinceMs ?? 0) >= fromMs);
  });

  sentence('P1 a later hold leaves the reason of a lane as it is', async (under) => {
    const hook = await subscribed(under.store);
    await publishedTo(under.store, hook, { hold: { reason: 'circuit', key: '' } });
    await publishedTo(under.store, hook, { hold: { reason: 'full', key: '' } });
    assert.equal((await laneOf(under.store, hook))?.reason, 'circuit');
  });
}

function staleness(sentence: Sentence): void {
  sentence('A5 an append decided on an older configuration is stale and writes nothing', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent();
    const request = { event, deliveries: [aDelivery(event, hook)], configVersion: 0, claims: [aClaim('once')] };
    assert.deepEqual(await under.store.append(request), { kind: 'stale', configVersion: 1 });
    assert.equal(await under.store.event(TENANT, event.id), null);
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'once'), null);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    const again = await under.store.append({ ...request, configVersion: 1 });
    assert.equal(again.kind, 'appended');
  });

  sentence('A5 a change of configuration between the decision and the append is seen', async (under) => {
    await subscribed(under.store);
    const event = anEvent();
    const [, outcome] = await Promise.all([
      subscribed(under.store),
      under.store.append({ event, deliveries: [], configVersion: 1, claims: [] }),
    ]);
    const wasFirst = (await under.store.event(TENANT, event.id))?.configVersion === 1;
    assert.deepEqual(outcome, wasFirst ? { kind: 'appended', tickets: [] } : { kind: 'stale', configVersion: 2 });
  });

  sentence("A5 another tenant's changes make nothing stale", async (under) => {
    const elsewhere: Id = newId();
    await subscribed(under.store, newId(), elsewhere);
    const outcome = await under.store.append({ event: anEvent(), deliveries: [], configVersion: 0, claims: [] });
    assert.equal(outcome.kind, 'appended');
  });
}
