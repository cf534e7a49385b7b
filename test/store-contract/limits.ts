import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { ClaimCursor, Store, Ticket } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aDelivery,
  anEvent,
  claimed,
  idsOf,
  newId,
  newIdOnShard,
  only,
  published,
  publishedTo,
  subscribed,
  upTo,
} from './samples.ts';

/** How much one read brings into memory, and that it says when it was cut: C1, O1. */
export function limits(sentence: Sentence): void {
  weights(sentence);
  sharedWeights(sentence);
  counts(sentence);
  runs(sentence);
  heads(sentence);
}

/** One event of `bytes` for a subscription, due `dueInMs` from now or, with a key, in the lane. */
async function weighing(store: Store, hook: Id, bytes: number, dueInMs = 0, key?: string): Promise<Ticket> {
  const event = anEvent({ data: new Uint8Array(bytes).fill(32) });
  const hold = key === undefined ? null : ({ reason: 'ordered', key } as const);
  return only(await published(store, event, [aDelivery(event, hook, { delayMs: dueInMs, hold })]));
}

/** What a read found, as short as a test can say it. */
function cut({ tickets, more }: { tickets: readonly Ticket[]; more: readonly number[] }) {
  return { ids: idsOf(tickets), more };
}

function weights(sentence: Sentence): void {
  sentence('C1 a claim stops before its events weigh more than the limit, and names the shard', async (under) => {
    const hook = await subscribed(under.store);
    const tickets = [];
    for (const dueInMs of [1, 2, 3]) tickets.push(await weighing(under.store, hook, 40, dueInMs));
    await under.advance(10);
    const start: ClaimCursor = { shard: 0, after: null };
    const read = async (bytes: number) => cut(await under.store.claim([start], upTo(10, bytes)));
    assert.deepEqual(await read(119), { ids: idsOf(tickets.slice(0, 2)), more: [0] });
    assert.deepEqual(await read(120), { ids: idsOf(tickets), more: [] });
  });

  sentence('C1 one ticket is read whatever its event weighs', async (under) => {
    const hook = await subscribed(under.store);
    const first = await weighing(under.store, hook, 5_000, 1);
    await under.advance(10);
    const start: ClaimCursor = { shard: 0, after: null };
    const alone = await under.store.claim([start], upTo(10, 0));
    assert.deepEqual(cut(alone), { ids: idsOf([first]), more: [] });
    assert.equal(alone.events.get(first.eventId)?.data.length, 5_000);
    await weighing(under.store, hook, 0, 1);
    await under.advance(10);
    assert.deepEqual(cut(await under.store.claim([start], upTo(10, 0))), { ids: idsOf([first]), more: [0] });
  });

  sentence('C1 an event weighs once, however many tickets point at it', async (under) => {
    const hooks = [await subscribed(under.store), await subscribed(under.store), await subscribed(under.store)];
    const event = anEvent({ data: new Uint8Array(60) });
    await published(
      under.store,
      event,
      hooks.map((hook) => aDelivery(event, hook)),
    );
    for (const bytes of [60, 1]) {
      const found = await under.store.claim([{ shard: 0, after: null }], upTo(10, bytes));
      assert.deepEqual([found.tickets.length, found.more], [3, []]);
    }
  });

  sentence('C1 a light event does not overtake one that was too heavy', async (under) => {
    const hook = await subscribed(under.store);
    const first = await weighing(under.store, hook, 10, 1);
    await weighing(under.store, hook, 500, 2);
    await weighing(under.store, hook, 1, 3);
    await under.advance(10);
    const found = await under.store.claim([{ shard: 0, after: null }], upTo(10, 100));
    assert.deepEqual(cut(found), { ids: idsOf([first]), more: [0] });
  });
}

function sharedWeights(sentence: Sentence): void {
  sentence(
    'C1 the weight is that of all cursors together; a shard it cut off is named without tickets',
    async (under) => {
      const hookOn = (shard: number) => subscribed(under.store, newIdOnShard(shard, 4));
      const [one, two, three] = [await hookOn(1), await hookOn(2), await hookOn(3)];
      const a = await weighing(under.store, one, 40, 1);
      const b = await weighing(under.store, one, 40, 2);
      const c = await weighing(under.store, two, 1, 1);
      await weighing(under.store, three, 1, 60_000);
      await under.advance(10);
      const cursors = [1, 2, 3].map((shard) => ({ shard, after: null }));
      const read = async (bytes: number) => cut(await under.store.claim(cursors, upTo(10, bytes)));
      // The light one of the second shard would fit, and waits all the same.
      assert.deepEqual(await read(50), { ids: idsOf([a]), more: [1, 2] });
      assert.deepEqual(await read(80), { ids: idsOf([a, b]), more: [2] });
      assert.deepEqual(await read(81), { ids: idsOf([a, b, c]), more: [] });
    },
    { shards: 4 },
  );
}

function counts(sentence: Sentence): void {
  sentence('C1 a claim cut by its number of tickets names the shard, an exact one does not', async (under) => {
    const hook = await subscribed(under.store);
    const [a, b] = [await weighing(under.store, hook, 1, 1), await weighing(under.store, hook, 1, 2)];
    await publishedTo(under.store, hook, { delayMs: 60_000 });
    await under.advance(10);
    assert.deepEqual(cut(await claimed(under.store, 0, 1)), { ids: idsOf([a]), more: [0] });
    assert.deepEqual(cut(await claimed(under.store, 0, 2)), { ids: idsOf([a, b]), more: [] });
  });

  sentence(
    'C1 the number of tickets is that of each cursor',
    async (under) => {
      for (const [shard, count] of [
        [0, 2],
        [2, 1],
        [3, 3],
      ] as const) {
        const hook = await subscribed(under.store, newIdOnShard(shard, 4));
        for (let n = 0; n < count; n++) await publishedTo(under.store, hook);
      }
      const cursors = [0, 1, 2, 3].map((shard) => ({ shard, after: null }));
      const found = await under.store.claim(cursors, upTo(1));
      assert.deepEqual(
        [found.tickets.map(({ place }) => place.shard), found.more],
        [
          [0, 2, 3],
          [0, 3],
        ],
      );
    },
    { shards: 4 },
  );
}

function runs(sentence: Sentence): void {
  sentence('O1 a run is cut by number or weight and says so; other keys are not more of it', async (under) => {
    const hook = await subscribed(under.store);
    const run = [];
    for (let n = 0; n < 3; n++) run.push(await weighing(under.store, hook, 40, 0, 'k'));
    await weighing(under.store, hook, 40, 0, 'l');
    const lane = { subscriptionId: hook, shard: 0, key: 'k' };
    const read = async (tickets: number, bytes: number) =>
      cut(await under.store.laneRun(lane, 0, upTo(tickets, bytes)));
    assert.deepEqual(await read(2, 1_000), { ids: idsOf(run.slice(0, 2)), more: [0] });
    assert.deepEqual(await read(3, 1_000), { ids: idsOf(run), more: [] });
    assert.deepEqual(await read(9, 80), { ids: idsOf(run.slice(0, 2)), more: [0] });
    assert.deepEqual(await read(9, 0), { ids: idsOf(run.slice(0, 1)), more: [0] });
  });

  sentence('O1 a lane that is not there has no more', async (under) => {
    const lane = { subscriptionId: newId(), shard: 0 };
    assert.deepEqual(cut(await under.store.laneRun({ ...lane, key: '' }, 0, upTo(5))), { ids: [], more: [] });
    assert.deepEqual(cut(await under.store.laneHeads(lane, null, upTo(5))), { ids: [], more: [] });
  });
}

function heads(sentence: Sentence): void {
  sentence('O1 heads are cut by number or weight and say so; what waits behind them is not more', async (under) => {
    const hook = await subscribed(under.store);
    const found = [];
    for (const key of ['', 'a', 'b']) {
      found.push(await weighing(under.store, hook, 40, 0, key));
      await weighing(under.store, hook, 40, 0, key);
    }
    const lane = { subscriptionId: hook, shard: 0 };
    const read = async (after: string | null, tickets: number, bytes = 1_000) =>
      cut(await under.store.laneHeads(lane, after, upTo(tickets, bytes)));
    assert.deepEqual(await read(null, 3), { ids: idsOf(found), more: [] });
    assert.deepEqual(await read(null, 2), { ids: idsOf(found.slice(0, 2)), more: [0] });
    assert.deepEqual(await read('', 2), { ids: idsOf(found.slice(1)), more: [] });
    assert.deepEqual(await read(null, 9, 119), { ids: idsOf(found.slice(0, 2)), more: [0] });
    assert.deepEqual(await read('a', 9, 0), { ids: idsOf(found.slice(2)), more: [] });
  });
}
