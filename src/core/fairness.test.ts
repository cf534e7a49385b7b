import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passTo } from './fairness/passing.ts';
import {
  clear,
  createLineup,
  finish,
  hasRoom,
  holdUntil,
  type Lineup,
  type LineupLimits,
  push,
  remove,
  setCap,
  type Taken,
  take,
  waiting,
  wakeAtMs,
} from './fairness.ts';

const LIMITS: LineupLimits = {
  perSubscription: 2,
  spare: 4,
  maxQueuedBytes: 1000,
  maxInFlight: 100,
  maxSlow: 50,
  maxSockets: 200,
  maxBytesInFlight: 1_000_000,
  slowAfterMs: 1000,
};

test('turns go round among subscriptions, in order within each', () => {
  const lineup = lineupOf('a1 a2 a3 b1 b2 c1');
  assert.equal(taken(lineup, 6), 'a1 b1 c1 a2 b2 a3');
  assert.equal(take(lineup, 0), null);
});

test('a subscription never has more in flight than its cap, over both classes, and others are served meanwhile', () => {
  const lineup = lineupOf('a1 b1', { cap: 1 });
  add(lineup, 'a2', { retry: true, cap: 1 });
  const first = take(lineup, 0);
  assert.equal(first?.entry.item, 'a1');
  assert.equal(taken(lineup, 2), 'b1');
  finish(lineup, first);
  assert.equal(taken(lineup, 1), 'a2');
});

test('a changed cap holds at once and interrupts nothing', () => {
  const lineup = lineupOf('a1 a2 a3 a4', { cap: 2 });
  assert.equal(taken(lineup, 4), 'a1 a2');
  setCap(lineup, 'a', 3);
  assert.equal(taken(lineup, 4), 'a3');
  setCap(lineup, 'a', 1);
  assert.equal(take(lineup, 0), null);
  assert.equal(lineup.subscribers.get('a')?.inFlight, 3);
});

test('a place given back twice is given back once', () => {
  const lineup = lineupOf('a1 a2 a3', { cap: 2 });
  const first = take(lineup, 0);
  take(lineup, 0);
  assert.ok(first);
  finish(lineup, first);
  finish(lineup, first);
  assert.deepEqual([lineup.inFlight, lineup.subscribers.get('a')?.inFlight], [1, 1]);
});

test('a held subscription starts when its hold ends, and a later hold replaces an earlier one', () => {
  const lineup = lineupOf('a1 b1');
  holdUntil(lineup, 'a', 500);
  assert.equal(taken(lineup, 2), 'b1');
  assert.equal(wakeAtMs(lineup, 0), 500);
  holdUntil(lineup, 'a', 900);
  assert.equal(take(lineup, 500), null);
  assert.equal(wakeAtMs(lineup, 500), 900);
  holdUntil(lineup, 'a', 600);
  assert.equal(wakeAtMs(lineup, 500), 600);
  assert.equal(take(lineup, 600)?.entry.item, 'a1');
});

test('a hold that came before the first entry holds, and one without an end asks for no waking', () => {
  const lineup = lineupOf('');
  holdUntil(lineup, 'a', Number.POSITIVE_INFINITY);
  add(lineup, 'a1');
  assert.equal(take(lineup, 0), null);
  assert.equal(wakeAtMs(lineup, 0), null);
  holdUntil(lineup, 'a', 0);
  assert.equal(wakeAtMs(lineup, 0), 0);
  assert.equal(taken(lineup, 1), 'a1');
});

test('work in flight over all is capped, and a slow try gives its place to others', () => {
  const lineup = lineupOf('a1 b1 c1', {}, { maxInFlight: 2 });
  assert.equal(taken(lineup, 3), 'a1 b1');
  assert.equal(wakeAtMs(lineup, 999), 1000);
  assert.equal(take(lineup, 999), null);
  assert.equal(take(lineup, 1000)?.entry.item, 'c1');
});

test('sockets are capped however slow the tries are', () => {
  const lineup = lineupOf('a1 b1 c1', {}, { maxSockets: 2 });
  assert.equal(taken(lineup, 3), 'a1 b1');
  assert.equal(take(lineup, 5000), null);
  assert.equal(wakeAtMs(lineup, 5000), null);
});

test('with too many slow tries, a subscription that has one starts no other, until one of all ends', () => {
  const lineup = lineupOf('a1 b1', {}, { maxSlow: 2 });
  const slow = take(lineup, 0);
  take(lineup, 0);
  for (const item of ['a2', 'b2', 'c1']) add(lineup, item);
  const young = take(lineup, 1000);
  assert.equal(young?.entry.item, 'c1');
  assert.equal(take(lineup, 1000), null);
  finish(lineup, young);
  assert.equal(wakeAtMs(lineup, 1000), null);
  assert.ok(slow);
  finish(lineup, slow);
  assert.deepEqual([take(lineup, 1000)?.entry.item, take(lineup, 1000)?.entry.item], ['a2', 'b2']);
});

test('when the crowd thins, those that are held do not hide the one that may start', () => {
  const lineup = lineupOf('a1 b1 c1 d1 e1 f1', {}, { maxSlow: 6 });
  const flights = Array.from({ length: 6 }, () => take(lineup, 0));
  for (const item of ['a2', 'b2', 'c2', 'd2', 'e2', 'f2']) add(lineup, item);
  assert.equal(take(lineup, 1000), null);
  for (const id of ['b', 'c', 'd', 'e']) holdUntil(lineup, id, 9000);
  assert.ok(flights[0]);
  finish(lineup, flights[0]);
  remove(lineup, 'a');
  assert.equal(wakeAtMs(lineup, 1000), 1000);
  assert.equal(take(lineup, 1000)?.entry.item, 'f2');
});

test('holds that come and go leave nothing behind', () => {
  const lineup = lineupOf('a1');
  const pending = () => lineup.holds.heap.length;
  for (let nowMs = 0; nowMs < 500; nowMs++) {
    holdUntil(lineup, 'a', nowMs + 100);
    wakeAtMs(lineup, nowMs);
    holdUntil(lineup, 'a', nowMs + 1);
  }
  assert.ok(pending() <= 3, `${pending()} after looking`);
  for (let nowMs = 500; nowMs < 2500; nowMs += 4) {
    holdUntil(lineup, 'a', nowMs + 100);
    passTo(lineup, nowMs + 1);
    holdUntil(lineup, 'a', nowMs + 2);
    passTo(lineup, nowMs + 3);
  }
  assert.ok(pending() <= 30, `${pending()} after the time of most`);
});

test('ten hanging receivers leave the healthy their places', () => {
  const lineup = createLineup<string>({ ...LIMITS, maxInFlight: 8, maxSlow: 8 });
  for (const hanging of 'abcdefghij') for (let n = 0; n < 20; n++) add(lineup, `${hanging}${n}`);
  let nowMs = 0;
  for (; nowMs < 20_000; nowMs += 1000) while (take(lineup, nowMs) !== null);
  const slowAtMost = 8 + 8;
  assert.ok(lineup.inFlight <= slowAtMost, `${lineup.inFlight} in flight`);
  add(lineup, 'z1');
  assert.equal(take(lineup, nowMs)?.entry.item, 'z1');
});

test('a queue has its own room always, and more while room is spare', () => {
  const lineup = lineupOf('');
  for (let at = 0; at < 4; at++) {
    assert.equal(hasRoom(lineup, 'a', 0), true);
    add(lineup, `a${at}`);
  }
  assert.equal(hasRoom(lineup, 'a', 0), false);
  for (const item of ['b1', 'b2']) {
    assert.equal(hasRoom(lineup, 'b', 0), true);
    add(lineup, item);
  }
  assert.equal(hasRoom(lineup, 'b', 0), false);
});

test('one that hangs has its own room and no more', () => {
  const lineup = lineupOf('a1 a2 a3', { cap: 1 });
  assert.notEqual(take(lineup, 0), null);
  assert.equal(hasRoom(lineup, 'a', 0), true);
  passTo(lineup, 1000);
  assert.equal(hasRoom(lineup, 'a', 0), false);
  assert.equal(hasRoom(lineup, 'b', 0), true);
});

test('bytes that wait are capped, with room for one entry of each, up to twice the cap', () => {
  const lineup = lineupOf('a1', { bytes: 400 });
  assert.deepEqual([hasRoom(lineup, 'a', 600), hasRoom(lineup, 'a', 601)], [true, false]);
  add(lineup, 'a2', { bytes: 50 });
  assert.deepEqual([hasRoom(lineup, 'a', 50), hasRoom(lineup, 'a', 51)], [true, false]);
  add(lineup, 'b1', { bytes: 600 });
  assert.deepEqual([hasRoom(lineup, 'b', 1), hasRoom(lineup, 'c', 5000)], [false, true]);
  add(lineup, 'c1', { bytes: 950 });
  assert.equal(hasRoom(lineup, 'd', 0), false);
});

test('clearing drops what waits and keeps what is in flight counted', () => {
  const lineup = lineupOf('a1 a2 b1', { cap: 1 });
  const first = take(lineup, 0);
  assert.deepEqual(clear(lineup).sort(), ['a2', 'b1']);
  assert.deepEqual([lineup.inFlight, lineup.queued], [1, 0]);
  add(lineup, 'a3', { cap: 1 });
  assert.equal(take(lineup, 0), null);
  assert.ok(first);
  finish(lineup, first);
  assert.equal(taken(lineup, 1), 'a3');
});

test('what waits of one subscription can be taken out, in order, without a word to the others', () => {
  const lineup = lineupOf('a1 b1 a2');
  add(lineup, 'a0', { retry: true });
  assert.deepEqual(remove(lineup, 'a'), ['a1', 'a2', 'a0']);
  assert.deepEqual(remove(lineup, 'nobody'), []);
  assert.deepEqual([waiting(lineup, 'a'), waiting(lineup, 'b')], [0, 1]);
  assert.equal(taken(lineup, 2), 'b1');
});

test('nothing is remembered of a subscription with nothing to do, once its hold is over', () => {
  const lineup = lineupOf('a1 b1');
  holdUntil(lineup, 'b', 100);
  holdUntil(lineup, 'c', 100);
  const first = take(lineup, 0);
  assert.ok(first);
  finish(lineup, first);
  remove(lineup, 'b');
  assert.deepEqual([...lineup.subscribers.keys()].sort(), ['b', 'c']);
  take(lineup, 100);
  assert.deepEqual([lineup.subscribers.size, lineup.tenants.size], [0, 0]);
});

interface Traits {
  retry?: boolean;
  bytes?: number;
  cap?: number;
}

function lineupOf(items: string, traits: Traits = {}, limits: Partial<LineupLimits> = {}): Lineup<string> {
  const lineup = createLineup<string>({ ...LIMITS, ...limits });
  for (const item of items.split(' ').filter(Boolean)) add(lineup, item, traits);
  return lineup;
}

function add(lineup: Lineup<string>, item: string, { retry = false, bytes = 0, cap = 8 }: Traits = {}): void {
  push(lineup, { id: item.charAt(0), tenant: 't', retry, bytes, item }, cap);
}

/** The next items at time 0, at most `count`. */
function taken(lineup: Lineup<string>, count: number): string {
  const found: (Taken<string> | null)[] = Array.from({ length: count }, () => take(lineup, 0));
  return found.flatMap((one) => one?.entry.item ?? []).join(' ');
}
