import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import { shardOf } from '../../src/core/ids.ts';
import type { Hold, Store, Ticket } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aTry,
  claimed,
  engineMs,
  idsOf,
  laneOf,
  newId,
  newIdOnShard,
  only,
  parking,
  publishedTo,
  reopened,
  settledAs,
  subscribed,
  succeeding,
  upTo,
} from './samples.ts';

/** O1 and the life of a lane. */
export function lanes(sentence: Sentence): void {
  order(sentence);
  heads(sentence);
  orderedRetries(sentence);
  states(sentence);
  endings(sentence);
}

async function held(store: Store, hook: Id, key: string, reason: Hold['reason'] = 'ordered'): Promise<Ticket> {
  return publishedTo(store, hook, { hold: { reason, key } });
}

function posOf(ticket: Ticket): number {
  assert.ok(ticket.place.kind === 'lane');
  return ticket.place.pos;
}

function run(store: Store, hook: Id, key: string, afterPos = 0, limit = 100) {
  return store.laneRun({ subscriptionId: hook, shard: shardOf(hook, store.shards), key }, afterPos, upTo(limit));
}

function order(sentence: Sentence): void {
  sentence('O1 the items of a key come in the order of acknowledged appends', async (under) => {
    const hook = await subscribed(under.store);
    const [a, , b, c] = [
      await held(under.store, hook, 'k'),
      await held(under.store, hook, 'other'),
      await held(under.store, hook, 'k'),
      await held(under.store, hook, 'k'),
    ];
    const found = await run(under.store, hook, 'k');
    assert.deepEqual(found.tickets, [a, b, c]);
    assert.ok(posOf(a) < posOf(b) && posOf(b) < posOf(c));
    assert.deepEqual(idsOf(await run(under.store, hook, 'k', posOf(a), 1)), idsOf([b]));
    assert.deepEqual([...found.events.keys()].sort(), [a, b, c].map((ticket) => ticket.eventId).sort());
  });

  sentence('O1 a position is never given twice, also after its item left and after a crash', async (under) => {
    const hook = await subscribed(under.store);
    const first = await held(under.store, hook, 'k');
    await settledAs(under.store, succeeding(first));
    await under.crash();
    const second = await held(under.store, hook, 'k');
    assert.ok(posOf(second) > posOf(first));
    await settledAs(under.store, succeeding(second));
    await under.store.closeLane(hook, 0);
    await under.crash();
    assert.ok(posOf(await held(under.store, hook, 'k')) > posOf(second));
  });

  sentence('O1 positions rise over all keys, and over every way into the lane', async (under) => {
    const hook = await subscribed(under.store);
    const first = await held(under.store, hook, 'k');
    const due = await publishedTo(under.store, hook);
    const parked = await reopened(under.store, parking(due, { reason: 'circuit', key: '' }));
    await under.crash();
    const again = await reopened(under.store, parking(parked, { reason: 'circuit', key: '' }));
    const last = await held(under.store, hook, 'a');
    const positions = [first, parked, again, last].map(posOf);
    assert.deepEqual(new Set(positions).size, positions.length);
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
  });

  sentence('O1 an item of a lane is settled straight from there', async (under) => {
    const hook = await subscribed(under.store);
    const [first, second] = [await held(under.store, hook, 'k'), await held(under.store, hook, 'k')];
    assert.equal(await settledAs(under.store, succeeding(first)), null);
    assert.deepEqual(idsOf(await run(under.store, hook, 'k')), idsOf([second]));
  });

  sentence(
    "O1 a lane's items keep to their subscription and its shard",
    async (under) => {
      const hook = await subscribed(under.store, newIdOnShard(3, 4));
      const other = await subscribed(under.store, newIdOnShard(3, 4));
      const mine = await held(under.store, hook, 'k');
      await held(under.store, other, 'k');
      assert.equal(mine.place.shard, 3);
      assert.deepEqual(idsOf(await run(under.store, hook, 'k')), idsOf([mine]));
      assert.deepEqual(
        (await under.store.lanes([0, 1, 2])).map((lane) => lane.subscriptionId),
        [],
      );
      assert.equal((await under.store.lanes([3])).length, 2);
    },
    { shards: 4 },
  );
}

function heads(sentence: Sentence): void {
  sentence('O1 the head of each key is found, whatever waits behind it', async (under) => {
    const hook = await subscribed(under.store);
    const a = await held(under.store, hook, 'a');
    for (let behind = 0; behind < 5; behind++) await held(under.store, hook, 'a');
    const b = await held(under.store, hook, 'b');
    const none = await held(under.store, hook, '');
    const lane = { subscriptionId: hook, shard: 0 };
    assert.deepEqual((await under.store.laneHeads(lane, null, upTo(10))).tickets, [none, a, b]);
    assert.deepEqual(idsOf(await under.store.laneHeads(lane, null, upTo(2))), idsOf([none, a]));
    assert.deepEqual(idsOf(await under.store.laneHeads(lane, 'a', upTo(10))), idsOf([b]));
    assert.deepEqual(idsOf(await under.store.laneHeads(lane, '', upTo(10))), idsOf([a, b]));
  });

  sentence('O1 keys of any script can be walked head by head, each once', async (under) => {
    const hook = await subscribed(under.store);
    const keys = ['é', 'z', '\u{1F600}', '\uFFFD', 'Z', '0'];
    for (const key of keys) await held(under.store, hook, key);
    const walked: string[] = [];
    let after: string | null = null;
    while (walked.length < keys.length) {
      after = await keyOfHeadAfter(under.store, hook, after);
      walked.push(after);
    }
    assert.deepEqual(walked.toSorted(), keys.toSorted());
  });
}

async function keyOfHeadAfter(store: Store, hook: Id, after: string | null): Promise<string> {
  const head = only((await store.laneHeads({ subscriptionId: hook, shard: 0 }, after, upTo(1))).tickets);
  assert.ok(head.place.kind === 'lane');
  return head.place.key;
}

function orderedRetries(sentence: Sentence): void {
  sentence('O1 an ordered retry keeps its place in the lane and waits there', async (under) => {
    const hook = await subscribed(under.store);
    const [first, second] = [await held(under.store, hook, 'k'), await held(under.store, hook, 'k')];
    const fromMs = await engineMs(under.store);
    const next = { kind: 'retry', delayMs: 5_000 } as const;
    const retried = await reopened(under.store, { ticket: first, attempt: aTry(first), next });
    assert.ok(retried.place.kind === 'lane');
    assert.deepEqual([retried.n, retried.place.key, retried.place.pos], [1, 'k', posOf(first)]);
    assert.ok(retried.place.notBeforeMs >= fromMs + 5_000);
    assert.deepEqual((await run(under.store, hook, 'k')).tickets, [retried, second]);
    await under.advance(6_000);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
  });

  sentence('O1 the result of an ordered try that was settled already is lost', async (under) => {
    const hook = await subscribed(under.store);
    const ticket = await held(under.store, hook, 'k');
    const next = { kind: 'retry', delayMs: 0 } as const;
    await reopened(under.store, { ticket, attempt: aTry(ticket), next });
    const late = await under.store.settle({ settlements: [succeeding(ticket)], health: new Map() });
    assert.deepEqual(late, [{ kind: 'lost' }]);
  });

  sentence('S1 an ordered item that was put off is matched by its new time', async (under) => {
    const hook = await subscribed(under.store);
    const ticket = await held(under.store, hook, 'k');
    const putOff = await reopened(under.store, { ticket, attempt: null, next: { kind: 'retry', delayMs: 5_000 } });
    const late = await under.store.settle({ settlements: [succeeding(ticket)], health: new Map() });
    assert.deepEqual(late, [{ kind: 'lost' }]);
    assert.equal(await settledAs(under.store, succeeding(putOff)), null);
  });

  sentence('O1 what is parked goes behind what waits under its key', async (under) => {
    const hook = await subscribed(under.store);
    const waiting = await held(under.store, hook, 'k');
    const due = await publishedTo(under.store, hook);
    const parked = await reopened(under.store, parking(due, { reason: 'circuit', key: 'k' }));
    const again = await reopened(under.store, parking(waiting, { reason: 'circuit', key: 'k' }));
    assert.deepEqual((await run(under.store, hook, 'k')).tickets, [parked, again]);
  });
}

function states(sentence: Sentence): void {
  sentence('P1 a lane may have a reason before it holds anything', async (under) => {
    const hook = await subscribed(under.store);
    const fromMs = await engineMs(under.store);
    await under.store.setLane({ subscriptionId: hook, shard: 0, reason: 'circuit', probeAtMs: 77 });
    await under.crash();
    const lane = await laneOf(under.store, hook);
    assert.deepEqual([lane?.reason, lane?.probeAtMs, lane?.shard], ['circuit', 77, 0]);
    assert.ok((lane?.sinceMs ?? 0) >= fromMs);
  });

  sentence('P1 the state of one lane is found by its subscription and shard', async (under) => {
    const [hook, other] = [await subscribed(under.store), await subscribed(under.store)];
    await under.store.setLane({ subscriptionId: other, shard: 0, reason: 'full', probeAtMs: null });
    assert.equal(await under.store.lane(hook, 0), null);
    await under.store.setLane({ subscriptionId: hook, shard: 0, reason: 'circuit', probeAtMs: 77 });
    assert.deepEqual(await under.store.lane(hook, 0), await laneOf(under.store, hook));
    assert.equal((await under.store.lane(hook, 0))?.probeAtMs, 77);
    assert.equal(await under.store.lane(hook, 1), null);
    assert.equal(await under.store.closeLane(hook, 0), true);
    assert.equal(await under.store.lane(hook, 0), null);
  });

  sentence('P1 a circuit and its probe outlive what comes into the lane and leaves it', async (under) => {
    const hook = await subscribed(under.store);
    await under.store.setLane({ subscriptionId: hook, shard: 0, reason: 'circuit', probeAtMs: 77 });
    const open = await laneOf(under.store, hook);
    await settledAs(under.store, succeeding(await held(under.store, hook, '', 'full')));
    await under.crash();
    assert.deepEqual(await laneOf(under.store, hook), open);
  });

  sentence('P1 a lane keeps its time while its reason stays, and starts anew with another', async (under) => {
    const hook = await subscribed(under.store);
    await held(under.store, hook, '', 'circuit');
    const first = await laneOf(under.store, hook);
    await under.advance(1_000);
    await under.store.setLane({ subscriptionId: hook, shard: 0, reason: 'circuit', probeAtMs: 88 });
    const probing = await laneOf(under.store, hook);
    assert.deepEqual([probing?.sinceMs, probing?.probeAtMs], [first?.sinceMs, 88]);
    await under.store.setLane({ subscriptionId: hook, shard: 0, reason: 'paused', probeAtMs: null });
    const paused = await laneOf(under.store, hook);
    assert.deepEqual([paused?.reason, paused?.probeAtMs], ['paused', null]);
    assert.ok((paused?.sinceMs ?? 0) >= (first?.sinceMs ?? 0) + 1_000);
  });
}

function endings(sentence: Sentence): void {
  sentence('P1 a lane that holds something is not closed', async (under) => {
    const hook = await subscribed(under.store);
    await held(under.store, hook, 'k');
    assert.equal(await under.store.closeLane(hook, 0), false);
    assert.equal((await laneOf(under.store, hook))?.reason, 'ordered');
  });

  sentence('P1 an emptied lane keeps its state until it is closed', async (under) => {
    const hook = await subscribed(under.store);
    await settledAs(under.store, succeeding(await held(under.store, hook, 'k')));
    assert.equal((await laneOf(under.store, hook))?.reason, 'ordered');
    assert.equal(await under.store.closeLane(hook, 0), true);
    assert.equal(await laneOf(under.store, hook), undefined);
  });

  sentence('P1 closing a lane that is not there changes nothing', async (under) => {
    assert.equal(await under.store.closeLane(newId(), 0), true);
    assert.deepEqual(await under.store.lanes([0]), []);
  });
}
