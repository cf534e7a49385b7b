import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createLineup,
  type Entry,
  finish,
  type Lineup,
  type LineupLimits,
  push,
  type Taken,
  take,
  wakeAtMs,
} from '../fairness.ts';
import { passTo } from './passing.ts';

const MIB = 1024 * 1024;
const MANY = 1000;
const LIMITS: LineupLimits = {
  perSubscription: 64,
  spare: 4096,
  maxQueuedBytes: 64 * MIB,
  maxInFlight: 1024,
  maxSlow: 1024,
  maxSockets: 2048,
  maxBytesInFlight: 64 * MIB,
  slowAfterMs: 1000,
};

test('a hanging receiver of large bodies leaves bytes to the others', () => {
  const lineup = createLineup<number>(LIMITS);
  add(lineup, 64, { id: 'hanging', bytes: MIB });
  assert.equal(takeAll(lineup, 0).length, 64);
  add(lineup, 1, { id: 'small', bytes: 1000 });
  add(lineup, 1, { id: 'large', bytes: MIB });
  assert.deepEqual(idsOf(takeAll(lineup, 5000)), ['small', 'large']);
});

test('a large body that waits for bytes keeps nobody waiting behind it', () => {
  const lineup = createLineup<number>(LIMITS);
  add(lineup, 63, { id: 'heavy', bytes: MIB });
  takeAll(lineup, 0);
  add(lineup, 1, { id: 'short', bytes: 2 * MIB });
  add(lineup, 1, { id: 'small', bytes: 1000 });
  add(lineup, 1, { id: 'large', bytes: MIB });
  assert.deepEqual(idsOf(takeAll(lineup, 500)), ['small', 'large']);
  assert.equal(wakeAtMs(lineup, 500), 1000);
  assert.deepEqual(idsOf(takeAll(lineup, 1000)), ['short']);
});

test('a few subscriptions with a large cap that hang leave places to the others', () => {
  const lineup = createLineup<number>(LIMITS);
  for (let at = 0; at < 3; at++) {
    add(lineup, 1000, { id: `hanging ${at}` });
    takeAll(lineup, at * 2000);
    passTo(lineup, at * 2000 + 1500);
  }
  takeAll(lineup, 9000);
  assert.ok(LIMITS.maxSockets - lineup.inFlight >= 256, `${lineup.inFlight} in flight`);
  add(lineup, 64, { id: 'healthy' });
  assert.equal(takeAll(lineup, 10_000).filter(({ entry }) => entry.id === 'healthy').length, 64);
});

test('a subscription takes of the sockets and places no more than it leaves, and one always', () => {
  const table = [
    { limits: { maxInFlight: 8 }, shares: [4, 2, 1, 1, 0] },
    { limits: { maxSockets: 8 }, shares: [4, 2, 1, 1, 0] },
    { limits: { maxSockets: 1 }, shares: [1, 0, 0, 0, 0] },
  ];
  for (const { limits, shares } of table) {
    const lineup = createLineup<number>({ ...LIMITS, ...limits });
    const found = shares.map((_, at) => {
      add(lineup, 20, { id: `${at}` });
      return takeAll(lineup, 0).length;
    });
    assert.deepEqual(found, shares);
  }
});

test('who is kept back comes back when others give back what they took', () => {
  const lineup = createLineup<number>({ ...LIMITS, maxSockets: 8 });
  add(lineup, 4, { id: 'a' });
  const others = takeAll(lineup, 0);
  add(lineup, 4, { id: 'b' });
  assert.equal(takeAll(lineup, 0).length, 2);
  for (const other of others) finish(lineup, other);
  assert.deepEqual(idsOf(takeAll(lineup, 0)), ['b', 'b']);
});

test('large bodies in flight are capped while they are young, small ones are not, and one always goes', () => {
  for (const { bytes, before, count } of [
    { bytes: 65_536, before: MIB, count: 5 },
    { bytes: 65_537, before: MIB, count: 0 },
    { bytes: MIB / 4, before: MIB / 2, count: 2 },
    { bytes: 9 * MIB, before: 0, count: 1 },
  ]) {
    const lineup = createLineup<number>({ ...LIMITS, maxBytesInFlight: MIB });
    if (before > 0) add(lineup, 1, { id: 'first', bytes: before });
    takeAll(lineup, 0);
    add(lineup, 5, { id: 'next', bytes });
    assert.equal(takeAll(lineup, 0).length, count);
  }
});

test('with more slow large bodies than may be young, who is slow starts no large one', () => {
  const lineup = createLineup<number>({ ...LIMITS, maxBytesInFlight: MIB });
  add(lineup, 1, { id: 'a', bytes: MIB });
  const [first] = takeAll(lineup, 0);
  add(lineup, 1, { id: 'b', bytes: MIB });
  takeAll(lineup, 1000);
  for (const id of ['a', 'b']) add(lineup, 1, { id, bytes: MIB });
  add(lineup, 1, { id: 'c', bytes: MIB / 2 });
  assert.deepEqual(idsOf(takeAll(lineup, 2000)), ['c']);
  assert.equal(take(lineup, 3000), null);
  assert.ok(first);
  finish(lineup, first);
  // Of `b` one still hangs with 1 MiB, of `c` one with half.
  assert.deepEqual(idsOf(takeAll(lineup, 3000)), ['a']);
});

test('large bodies that hang are four times those that may be young at most', () => {
  const lineup = createLineup<number>({ ...LIMITS, maxBytesInFlight: MIB });
  for (let at = 0; at < 10; at++) {
    add(lineup, 1, { id: `hanging ${at}`, bytes: MIB });
    takeAll(lineup, at * 1000);
  }
  assert.equal(lineup.slowBytes + lineup.youngBytes, 4 * MIB);
  assert.equal(wakeAtMs(lineup, 99_000), null);
});

test('however many are kept back, the one that may start is found without a finish', () => {
  const lineup = createLineup<number>({ ...LIMITS, maxSlow: 300, maxBytesInFlight: MIB });
  for (let at = 0; at < 300; at++) add(lineup, 1, { id: `hanging ${at}` });
  takeAll(lineup, 0);
  passTo(lineup, 1000);
  for (let at = 0; at < 300; at++) add(lineup, 1, { id: `hanging ${at}` });
  add(lineup, 1, { id: 'heavy', bytes: MIB });
  assert.equal(take(lineup, 1000)?.entry.id, 'heavy');
  add(lineup, 1, { id: 'large', bytes: MIB });
  let nowMs = 2000;
  let found = take(lineup, nowMs);
  for (let looks = 0; found === null && looks < 10; looks++) {
    const wakeMs = wakeAtMs(lineup, nowMs);
    assert.ok(wakeMs !== null, 'nobody would look again');
    nowMs = wakeMs;
    found = take(lineup, nowMs);
  }
  assert.equal(found?.entry.id, 'large');
  assert.ok(nowMs <= 2100, `found at ${nowMs}`);
});

test('every finish or the time to wake lets more start, until nothing waits', () => {
  const limits = {
    ...LIMITS,
    maxInFlight: 12,
    maxSlow: 8,
    maxSockets: 24,
    maxBytesInFlight: 200_000,
    slowAfterMs: 100,
  };
  const plan = fc.record({
    id: fc.nat(150),
    retry: fc.boolean(),
    bytes: fc.constantFrom(10, 70_000, 150_000, 900_000),
    lastsMs: fc.constantFrom(0, 1000),
  });
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 250, size: 'max' }), (plans) => {
      const lineup = createLineup<number>(limits);
      for (const [item, { id, retry, bytes }] of plans.entries())
        push(lineup, { id: `${id}`, tenant: `${id % 5}`, retry, bytes, item }, MANY);
      const ends = new Map<Taken<number>, number>();
      let nowMs = 0;
      while (lineup.queued > 0) {
        for (const taken of takeAll(lineup, nowMs)) ends.set(taken, nowMs + (plans[taken.entry.item]?.lastsMs ?? 0));
        const nextMs = Math.min(wakeAtMs(lineup, nowMs) ?? Infinity, ...ends.values());
        if (lineup.queued > 0) assert.ok(nextMs < Infinity, `${lineup.queued} wait for what never comes`);
        nowMs = Math.max(nowMs, nextMs);
        for (const [taken, endMs] of ends) {
          if (endMs > nowMs) continue;
          ends.delete(taken);
          finish(lineup, taken);
        }
        // Each lasts a second at most, so that one after the other would be done by then.
        assert.ok(nowMs <= 1000 * (plans.length + 1), `${lineup.queued} wait for ever`);
      }
    }),
    { numRuns: 40 },
  );
});

function add(lineup: Lineup<number>, count: number, entry: Partial<Entry<number>>): void {
  for (let item = 0; item < count; item++)
    push(lineup, { id: 'a', tenant: 't', retry: false, bytes: 100, item, ...entry }, MANY);
}

function takeAll(lineup: Lineup<number>, nowMs: number): Taken<number>[] {
  const all: Taken<number>[] = [];
  for (let next = take(lineup, nowMs); next !== null; next = take(lineup, nowMs)) all.push(next);
  return all;
}

function idsOf(all: readonly Taken<number>[]): string[] {
  return all.map(({ entry }) => entry.id);
}
