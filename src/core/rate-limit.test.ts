import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  arrived,
  changeLimit,
  createRateLog,
  type RateLog,
  readyAtMs,
  type Slot,
  startAgain,
  started,
} from './rate-limit.ts';

const T0 = 1_700_000_000_000;

/** Starts a request that arrives as it starts. */
function sent(log: RateLog, atMs: number): void {
  arrived(log, started(log, atMs), atMs);
}

test('as many as the limit says may start at once, the next one a stretch after the first', () => {
  const log = createRateLog({ count: 3, seconds: 2 });
  for (const atMs of [T0, T0 + 100, T0 + 200]) {
    assert.ok(readyAtMs(log, atMs) <= atMs);
    sent(log, atMs);
  }
  assert.equal(readyAtMs(log, T0 + 300), T0 + 2020);
  assert.equal(readyAtMs(log, T0 + 2019), T0 + 2020);
  assert.ok(readyAtMs(log, T0 + 2020) <= T0 + 2020);
  sent(log, T0 + 2020);
  assert.equal(readyAtMs(log, T0 + 2020), T0 + 2120);
});

test('a request counts from its arrival, not from its start', () => {
  const log = createRateLog({ count: 1, seconds: 1 });
  const slot = started(log, T0);
  arrived(log, slot, T0 + 700);
  assert.equal(readyAtMs(log, T0 + 800), T0 + 1720);
});

test('a request that is still being connected counts however long that takes', () => {
  const log = createRateLog({ count: 1, seconds: 1 });
  const slot = started(log, T0);
  assert.equal(readyAtMs(log, T0), T0 + 1020);
  assert.ok(readyAtMs(log, T0 + 4000) > T0 + 4000);
  arrived(log, slot, T0 + 4100);
  assert.equal(readyAtMs(log, T0 + 4200), T0 + 5120);
});

test('a request that nobody reports is taken as arrived after a minute', () => {
  const log = createRateLog({ count: 1, seconds: 1 });
  const slot = started(log, T0);
  assert.ok(readyAtMs(log, T0 + 59_999) > T0 + 59_999);
  assert.equal(readyAtMs(log, T0 + 60_000), T0 + 61_020);
  arrived(log, slot, T0 + 60_500);
  assert.equal(readyAtMs(log, T0 + 60_500), T0 + 61_020);
});

test('a slot of another log changes nothing', () => {
  const log = createRateLog({ count: 1, seconds: 1 });
  arrived(log, started(createRateLog({ count: 1, seconds: 1 }), T0), T0);
  assert.ok(readyAtMs(log, T0) <= T0);
});

test('one that connects slowly holds its own place only', () => {
  const log = createRateLog({ count: 2, seconds: 1 });
  started(log, T0);
  for (let at = 0; at < 5; at++) {
    const atMs = T0 + at * 1020;
    assert.ok(readyAtMs(log, atMs) <= atMs);
    sent(log, atMs);
  }
});

test('arrivals count in the order they had, whatever the order of their reports', () => {
  const log = createRateLog({ count: 2, seconds: 1 });
  const [slow, quick] = [started(log, T0), started(log, T0)];
  arrived(log, slow, T0 + 500);
  arrived(log, quick, T0 + 10);
  assert.equal(readyAtMs(log, T0 + 600), T0 + 1030);
  assert.ok(readyAtMs(log, T0 + 1030) <= T0 + 1030);
  sent(log, T0 + 1030);
  assert.equal(readyAtMs(log, T0 + 1030), T0 + 1520);
});

test('whoever waits is told when the first of the known arrivals stops counting', () => {
  const log = createRateLog({ count: 3, seconds: 1 });
  started(log, T0);
  sent(log, T0 + 100);
  sent(log, T0 + 200);
  assert.equal(readyAtMs(log, T0 + 1050), T0 + 1120);
  changeLimit(log, { count: 2, seconds: 1 });
  assert.equal(readyAtMs(log, T0 + 300), T0 + 1120);
});

test('a log that has gone round before it grows forgets nothing', () => {
  const log = createRateLog({ count: 30, seconds: 1 });
  for (let at = 0; at < 10; at++) sent(log, T0 + at);
  const laterMs = T0 + 5000;
  for (let at = 0; at < 30; at++) {
    assert.ok(readyAtMs(log, laterMs + at) <= laterMs + at);
    sent(log, laterMs + at);
  }
  assert.equal(readyAtMs(log, laterMs + 30), laterMs + 1020);
  sent(log, laterMs + 1020);
  assert.equal(readyAtMs(log, laterMs + 1020), laterMs + 1021);
});

test('a lowered limit holds at once, and a raised one too', () => {
  const log = createRateLog({ count: 4, seconds: 1 });
  for (let at = 0; at < 4; at++) sent(log, T0 + at * 100);
  changeLimit(log, { count: 2, seconds: 1 });
  assert.equal(readyAtMs(log, T0 + 400), T0 + 200 + 1020);
  changeLimit(log, { count: 5, seconds: 1 });
  assert.ok(readyAtMs(log, T0 + 400) <= T0 + 400);
  changeLimit(log, { count: 4, seconds: 10 });
  assert.equal(readyAtMs(log, T0 + 400), T0 + 10_020);
});

/** The most arrivals that any stretch of this length holds. */
function mostWithin(arrivals: readonly number[], stretchMs: number): number {
  const sorted = [...arrivals].sort((a, b) => a - b);
  let most = 0;
  let from = 0;
  sorted.forEach((atMs, at) => {
    while ((sorted[from] as number) <= atMs - stretchMs) from++;
    most = Math.max(most, at - from + 1);
  });
  return most;
}

const limit = fc.record({ count: fc.integer({ min: 1, max: 40 }), seconds: fc.integer({ min: 1, max: 3 }) });
/** How long the caller waits before it asks, how long connecting takes, and how much later that is reported. */
const request = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.nat(300)),
  connectMs: fc.oneof(fc.nat(5), fc.nat(5000)),
  reportMs: fc.oneof(fc.constant(0), fc.nat(4000)),
});

test('however long connecting takes, no stretch sees more arrivals than the limit, and waiting ends', () => {
  fc.assert(
    fc.property(limit, fc.array(request, { maxLength: 120 }), ({ count, seconds }, requests) => {
      const log = createRateLog({ count, seconds });
      const reports: { dueMs: number; slot: Slot; atMs: number }[] = [];
      const arrivals: number[] = [];
      let nowMs = T0;
      const report = () => {
        for (const { slot, atMs } of reports.filter(({ dueMs }) => dueMs <= nowMs)) arrived(log, slot, atMs);
        reports.splice(0, Infinity, ...reports.filter(({ dueMs }) => dueMs > nowMs));
      };
      for (const { waitMs, connectMs, reportMs } of requests) {
        nowMs += waitMs;
        report();
        for (let asked = 0; readyAtMs(log, nowMs) > nowMs; asked++) {
          assert.ok(asked < 200, 'waits for ever');
          nowMs = readyAtMs(log, nowMs);
          report();
        }
        const atMs = nowMs + connectMs;
        reports.push({ slot: started(log, nowMs), atMs, dueMs: atMs + reportMs });
        arrivals.push(atMs);
      }
      assert.ok(mostWithin(arrivals, seconds * 1000) <= count);
    }),
    { numRuns: 200 },
  );
});

test('requests that arrive as they start use the limit up in full', () => {
  fc.assert(
    fc.property(limit, (rate) => {
      const log = createRateLog(rate);
      const stretchMs = rate.seconds * 1000 + 20;
      for (let round = 0; round < 4; round++) {
        for (let at = 0; at < rate.count; at++) {
          const nowMs = T0 + round * stretchMs + at;
          assert.ok(readyAtMs(log, nowMs) <= nowMs);
          sent(log, nowMs);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('a request that had to wait before it was sent starts when it is sent, if it may then', () => {
  const log = createRateLog({ count: 1, seconds: 10 });
  const slot = started(log, 0);
  assert.equal(startAgain(log, slot, 50_000), true);
  assert.ok(readyAtMs(log, 51_000) > 51_000, 'it may be on its way still');
  arrived(log, slot, 52_000);
  const waiting = started(log, 62_100);
  arrived(log, started(log, 72_200), 72_300);
  assert.equal(startAgain(log, waiting, 80_000), false);
  assert.equal(readyAtMs(log, 82_400), 82_400);
});
