import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createLineup,
  type Entry,
  finish,
  holdUntil,
  type Lineup,
  type LineupLimits,
  push,
  take,
} from '../fairness.ts';

const MANY = 1_000_000;
const LIMITS: LineupLimits = {
  perSubscription: MANY,
  spare: MANY,
  maxQueuedBytes: MANY,
  maxInFlight: MANY,
  maxSlow: MANY,
  maxSockets: MANY,
  maxBytesInFlight: Number.POSITIVE_INFINITY,
  slowAfterMs: 1000,
};

test('a tenant with ten entries is served within 25 turns beside one with ten thousand', () => {
  const lineup = createLineup<number>(LIMITS);
  for (let at = 0; at < 10_000; at++) add(lineup, { tenant: 'large', id: `large-${at % 100}` });
  for (let at = 0; at < 10; at++) add(lineup, { tenant: 'small', id: 'small' });
  assert.equal(served(lineup, 25).filter(({ tenant }) => tenant === 'small').length, 10);
});

test('within a tenant, a subscription with one entry is not behind the queue of another', () => {
  const lineup = createLineup<number>(LIMITS);
  for (let at = 0; at < 1000; at++) add(lineup, { id: 'long' });
  add(lineup, { id: 'short' });
  assert.ok(served(lineup, 2).some(({ id }) => id === 'short'));
});

test('a tenant pays for large bodies with turns of its own', () => {
  const lineup = createLineup<number>(LIMITS);
  for (let at = 0; at < 100; at++) add(lineup, { tenant: 'heavy', id: 'h', bytes: 3 * 65_536 });
  for (let at = 0; at < 100; at++) add(lineup, { tenant: 'light', id: 'l', bytes: 65_535 });
  assert.equal(served(lineup, 100).filter(({ tenant }) => tenant === 'heavy').length, 20);
});

test('of four turns one is for retries while both classes wait', () => {
  const lineup = createLineup<number>(LIMITS);
  for (let at = 0; at < 12; at++) add(lineup, { retry: at < 6, id: at < 6 ? 'r' : 'f' });
  assert.equal(classesOf(served(lineup, 12)), 'fffrfffrrrrr');
});

test('a class holds three quarters of the places at most while the other waits, and all of them else', () => {
  for (const retry of [false, true]) {
    const lineup = createLineup<number>({ ...LIMITS, maxInFlight: 8 });
    for (let at = 0; at < 20; at++) add(lineup, { retry, id: `a${at}` });
    assert.equal(served(lineup, 6).length, 6);
    for (let at = 0; at < 20; at++) add(lineup, { retry: !retry, id: `b${at}` });
    assert.equal(classesOf(served(lineup, 5)), retry ? 'ff' : 'rr');
  }
  const alone = createLineup<number>({ ...LIMITS, maxInFlight: 8 });
  for (let at = 0; at < 20; at++) add(alone, { retry: true, id: `a${at}` });
  assert.equal(served(alone, 20).length, 8);
});

test('one place is enough for both classes', () => {
  const lineup = createLineup<number>({ ...LIMITS, maxInFlight: 1 });
  for (let at = 0; at < 16; at++) add(lineup, { retry: at < 8, id: at < 8 ? 'r' : 'f' });
  const order: Entry<number>[] = [];
  for (let next = take(lineup, 0); next !== null; next = take(lineup, 0)) {
    order.push(next.entry);
    finish(lineup, next);
  }
  assert.equal(classesOf(order), 'fffrfffrffrrrrrr');
});

test('nobody waits longer than it takes the others to have their turns', () => {
  const queue = fc.record({
    tenant: fc.constantFrom('t', 'u', 'v', 'w'),
    retry: fc.boolean(),
    bytes: fc.constantFrom(0, 65_536, 5 * 65_536),
  });
  const maxPrice = 6;
  fc.assert(
    fc.property(fc.array(queue, { minLength: 1, maxLength: 12 }), (queues) => {
      const lineup = createLineup<number>(LIMITS);
      const bound = 4 * maxPrice * queues.length;
      for (const [at, entry] of queues.entries())
        for (let n = 0; n < bound; n++) add(lineup, { ...entry, id: `${at}` });
      const order = served(lineup, 3 * bound).map(({ id }) => id);
      for (const at of queues.keys()) {
        for (let from = 0; from < 2 * bound && from + bound <= order.length; from++) {
          const until = order.indexOf(`${at}`, from);
          if (until === -1 && order.lastIndexOf(`${at}`) + 1 === from) break;
          assert.ok(until !== -1 && until - from < bound, `${at} waits from ${from} until ${until}`);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('with 100,000 subscriptions that wait, a step looks at a few entries', () => {
  const lineup = createLineup<number>({ ...LIMITS, maxSlow: 100, maxInFlight: 1000 });
  let looks = 0;
  for (let at = 0; at < 100_000; at++) {
    const entry = { id: `s${at}`, tenant: `t${at % 10_000}`, retry: at % 2 === 0, item: at };
    push(
      lineup,
      {
        ...entry,
        get bytes() {
          return looks++ && 0;
        },
      },
      1 + (at % 2),
    );
    // A third of them is held.
    if (at % 3 === 0) holdUntil(lineup, entry.id, 10 + at);
  }
  for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
    looks = 0;
    const next = take(lineup, nowMs);
    assert.ok(looks <= 16, `${looks} looks`);
    if (next !== null && nowMs % 40 === 0) finish(lineup, next);
  }
});

function add(lineup: Lineup<number>, entry: Partial<Entry<number>>): void {
  push(lineup, { id: 'a', tenant: 't', retry: false, bytes: 0, item: 0, ...entry }, MANY);
}

function served(lineup: Lineup<number>, count: number): Entry<number>[] {
  return Array.from({ length: count }, () => take(lineup, 0)?.entry).filter((entry) => entry !== undefined);
}

function classesOf(entries: readonly Entry<number>[]): string {
  return entries.map(({ retry }) => (retry ? 'r' : 'f')).join('');
}
