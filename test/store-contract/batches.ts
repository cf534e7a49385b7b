import assert from 'node:assert/strict';
import { MAX_DIRECT_TARGETS } from '../../src/core/event.ts';
import type { Id } from '../../src/core/ids.ts';
import type { BatchAppend, IdempotencyClaim, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aClaim,
  aDelivery,
  anEvent,
  bytes,
  claimed,
  idsOf,
  newId,
  only,
  published,
  settledAs,
  sha256,
  subscribed,
  succeeding,
  TENANT,
  text,
  upTo,
} from './samples.ts';

/** A1, A2, A3, A5 and O1 of events that are stored together. */
export function batches(sentence: Sentence): void {
  together(sentence);
  keys(sentence);
  order(sentence);
}

type Member = BatchAppend['appends'][number];

/** An event to one subscription, with the caller's keys it carries. */
function member(hook: Id, claims: readonly IdempotencyClaim[] = []): Member {
  const event = anEvent();
  return { event, deliveries: [aDelivery(event, hook)], claims };
}

function batchOf(appends: readonly Member[], claims: readonly IdempotencyClaim[] = []): BatchAppend {
  return { tenant: TENANT, appends, configVersion: 1, claims };
}

async function isStored(store: Store, { event }: Member): Promise<boolean> {
  return (await store.event(TENANT, event.id)) !== null;
}

function together(sentence: Sentence): void {
  sentence('A1 events that were appended together are all there after a crash, with their tickets', async (under) => {
    const hook = await subscribed(under.store);
    const members = [member(hook), member(hook), member(hook)];
    const outcome = await under.store.appendAll(batchOf(members));
    assert.ok(outcome.kind === 'appended', JSON.stringify(outcome));
    assert.deepEqual(
      outcome.tickets.map((tickets) => only(tickets).eventId),
      members.map(({ event }) => event.id),
    );
    await under.crash();
    for (const { event } of members) assert.deepEqual((await under.store.event(TENANT, event.id))?.event, event);
    const tickets = outcome.tickets.flat();
    assert.deepEqual([...idsOf(await claimed(under.store))].sort(), [...idsOf(tickets)].sort());
    for (const ticket of tickets) assert.equal(await settledAs(under.store, succeeding(ticket)), null);
  });

  sentence('A1 of a batch each event with too many direct targets gets a fanout task', async (under) => {
    const few = member(await subscribed(under.store));
    const event = anEvent();
    const deliveries = Array.from({ length: MAX_DIRECT_TARGETS + 1 }, () => aDelivery(event, newId()));
    const outcome = await under.store.appendAll(batchOf([{ event, deliveries, claims: [] }, few]));
    assert.deepEqual(outcome.kind === 'appended' && outcome.tickets.map(({ length }) => length), [0, 1]);
    assert.equal(only(await under.store.claimTasks([0], 10)).ref, event.id);
  });

  sentence('A2 a batch that is stored already is a duplicate and writes nothing', async (under) => {
    const hook = await subscribed(under.store);
    const first = member(hook);
    await published(under.store, first.event, first.deliveries);
    const fresh = member(hook);
    assert.deepEqual(await under.store.appendAll(batchOf([fresh, first], [aClaim('k')])), { kind: 'duplicate' });
    assert.equal(await isStored(under.store, fresh), false);
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'k'), null);
  });

  sentence('A5 a batch decided on an older configuration is stale and writes nothing', async (under) => {
    const hook = await subscribed(under.store);
    await subscribed(under.store);
    const one = member(hook, [aClaim('k')]);
    assert.deepEqual(await under.store.appendAll(batchOf([one])), { kind: 'stale', configVersion: 2 });
    assert.equal(await isStored(under.store, one), false);
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'k'), null);
    assert.equal((await under.store.appendAll({ ...batchOf([one]), configVersion: 2 })).kind, 'appended');
  });
}

function keys(sentence: Sentence): void {
  sentence('A3 all events of a batch whose keys were used are named, and nothing is written', async (under) => {
    const hook = await subscribed(under.store);
    await under.store.remember(TENANT, aClaim('used', { answer: bytes('one') }));
    await under.store.remember(TENANT, aClaim('other', { bodyHash: sha256('other') }));
    const members = [
      member(hook, [aClaim('fresh')]),
      member(hook, [aClaim('used')]),
      member(hook),
      member(hook, [aClaim('other')]),
    ];
    const outcome = await under.store.appendAll(batchOf(members));
    assert.ok(outcome.kind === 'used', JSON.stringify(outcome));
    const uses = outcome.uses.map(({ at, use }) => [at, use.kind, use.kind === 'repeated' ? text(use.answer) : null]);
    assert.deepEqual(uses, [
      [1, 'repeated', 'one'],
      [3, 'mismatch', null],
    ]);
    for (const one of members) assert.equal(await isStored(under.store, one), false);
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'fresh'), null);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
  });

  sentence('A3 a key of the whole batch repeats the first answer, whatever else repeats', async (under) => {
    const hook = await subscribed(under.store);
    const whole = aClaim('batch', { scope: 'POST /batch', answer: bytes('all of it') });
    const first = batchOf([member(hook, [aClaim('a')])], [whole]);
    assert.equal((await under.store.appendAll(first)).kind, 'appended');
    await subscribed(under.store);
    const again = await under.store.appendAll(batchOf([member(hook, [aClaim('a')])], [whole]));
    assert.equal(again.kind === 'repeated' && text(again.answer), 'all of it');
    const other = { ...whole, bodyHash: sha256('other') };
    const refused = await under.store.appendAll(batchOf([member(hook)], [other]));
    assert.deepEqual(refused, { kind: 'mismatch', scope: 'POST /batch' });
  });

  sentence(
    'A3 of two batches that share a key at once, one is stored whole and the other not at all',
    async (under) => {
      const hook = await subscribed(under.store);
      const pairs = [1, 2].map((n) => [member(hook, [aClaim(`own ${n}`)]), member(hook, [aClaim('shared')])]);
      const outcomes = await Promise.all(pairs.map((pair) => under.store.appendAll(batchOf(pair))));
      assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['appended', 'used']);
      const stored = await Promise.all(pairs.flat().map((one) => isStored(under.store, one)));
      const [winner] = outcomes;
      assert.deepEqual(stored, winner?.kind === 'appended' ? [true, true, false, false] : [false, false, true, true]);
    },
  );
}

function order(sentence: Sentence): void {
  sentence('O1 events of one key in a batch stand in their lane in the order of the batch', async (under) => {
    const hook = await subscribed(under.store);
    const hold = { reason: 'ordered', key: 'k' } as const;
    const members = Array.from({ length: 5 }, (): Member => {
      const event = anEvent({ orderingKey: 'k' });
      return { event, deliveries: [aDelivery(event, hook, { hold })], claims: [] };
    }).reverse();
    const outcome = await under.store.appendAll(batchOf(members));
    const run = await under.store.laneRun({ subscriptionId: hook, shard: 0, key: 'k' }, 0, upTo(10));
    assert.deepEqual(
      run.tickets.map(({ eventId }) => eventId),
      members.map(({ event }) => event.id),
    );
    assert.deepEqual(outcome.kind === 'appended' && outcome.tickets.flat(), run.tickets);
  });
}
