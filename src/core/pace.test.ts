import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  afterTry,
  createPace,
  isRecovering,
  type Pace,
  readyAtMs,
  recover,
  recovered,
  started,
  window,
} from './pace.ts';

const T0 = 1_700_000_000_000;
const PERIOD_MS = 10_000;

/** A receiver that answers so many tries a second, evenly, for so many periods from `fromMs` on. */
function healthyFor(pace: Pace, perSecond: number, periods: number, fromMs = T0): number {
  const tries = perSecond * 10 * periods;
  for (let at = 0; at < tries; at++) {
    const nowMs = fromMs + (at * 1000) / perSecond;
    started(pace, nowMs);
    afterTry(pace, 'answered', nowMs);
  }
  return fromMs + periods * PERIOD_MS;
}

/** Starts whatever may start in each millisecond, each answered at once; returns how many that were. */
function drainFor(pace: Pace, fromMs: number, toMs: number, answered = true): number {
  let tries = 0;
  for (let nowMs = fromMs; nowMs < toMs; nowMs++) {
    while (readyAtMs(pace, nowMs) <= nowMs) {
      started(pace, nowMs);
      if (answered) afterTry(pace, 'answered', nowMs);
      tries++;
    }
  }
  return tries;
}

test('a healthy subscription has its whole cap and no rate, whatever fails now and then', () => {
  const pace = createPace();
  for (let at = 0; at < 1000; at++) {
    assert.ok(readyAtMs(pace, T0) <= T0);
    started(pace, T0);
    afterTry(pace, at % 5 === 0 ? 'trouble' : 'answered', T0);
  }
  assert.equal(window(pace, 8), 8);
  assert.equal(isRecovering(pace), false);
});

test('recovery begins with one try in flight and doubles with each full window of answers, up to the cap', () => {
  const pace = createPace();
  recover(pace, T0);
  assert.ok(isRecovering(pace));
  const windows = Array.from({ length: 16 }, () => {
    const now = window(pace, 8);
    afterTry(pace, 'answered', T0);
    return now;
  });
  assert.deepEqual(windows, [1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
  assert.equal(window(pace, 3), 3);
});

test('trouble during recovery sets it back to one, and what says nothing of the receiver does not', () => {
  const pace = createPace();
  recover(pace, T0);
  for (let at = 0; at < 6; at++) afterTry(pace, 'answered', T0);
  afterTry(pace, 'neither', T0);
  assert.equal(window(pace, 8), 4);
  afterTry(pace, 'trouble', T0);
  assert.equal(window(pace, 8), 1);
  afterTry(pace, 'answered', T0);
  assert.equal(window(pace, 8), 2);
});

test('an empty lane ends it', () => {
  const pace = createPace();
  recover(pace, T0);
  drainFor(pace, T0, T0 + 2001);
  assert.ok(readyAtMs(pace, T0 + 2001) > T0 + 2001);
  recovered(pace);
  assert.equal(window(pace, 8), 8);
  assert.ok(readyAtMs(pace, T0 + 2001) <= T0 + 2001);
  assert.equal(isRecovering(pace), false);
});

test('a period of recovery sends half as much again as the last healthy one, and each healthy one raises that', () => {
  const pace = createPace();
  const outageMs = healthyFor(pace, 400, 3);
  recover(pace, outageMs);
  assert.equal(drainFor(pace, outageMs, outageMs + PERIOD_MS), 6000);
  assert.equal(drainFor(pace, outageMs + PERIOD_MS, outageMs + 2 * PERIOD_MS), 9000);
  assert.equal(drainFor(pace, outageMs + 2 * PERIOD_MS, outageMs + 3 * PERIOD_MS), 13_500);
});

test('the last period before an outage counts when it was a full one', () => {
  for (const periods of [1, 1.5]) {
    const pace = createPace();
    const outageMs = healthyFor(pace, 400, periods);
    recover(pace, outageMs);
    assert.equal(drainFor(pace, outageMs, outageMs + PERIOD_MS), 6000);
  }
});

test('a period of trouble is forgotten by the next healthy one', () => {
  const pace = createPace();
  recover(pace, T0);
  for (let at = 0; at < 5000; at++) afterTry(pace, 'trouble', T0);
  drainFor(pace, T0 + PERIOD_MS, T0 + 2 * PERIOD_MS);
  assert.equal(drainFor(pace, T0 + 2 * PERIOD_MS, T0 + 3 * PERIOD_MS), 1500);
});

test('the tries of a period are spread over it', () => {
  const pace = createPace();
  recover(pace, T0);
  assert.equal(drainFor(pace, T0, T0 + 1), 100);
  assert.equal(readyAtMs(pace, T0 + 1), T0 + 10);
  assert.equal(drainFor(pace, T0 + 1, T0 + 5001), 500);
});

test('a receiver that got next to nothing before is sent a hundred a second', () => {
  for (const perSecond of [0.5, 1, 5]) {
    const pace = createPace();
    const outageMs = healthyFor(pace, perSecond, 2);
    recover(pace, outageMs);
    assert.equal(drainFor(pace, outageMs, outageMs + PERIOD_MS), 1000);
  }
});

test('a period that is mostly trouble, or without an answer, neither raises the rate nor becomes the healthy one', () => {
  const pace = createPace();
  const troubleMs = healthyFor(pace, 400, 2);
  for (let at = 0; at < 30; at++) afterTry(pace, at < 20 ? 'trouble' : 'answered', troubleMs + at);
  const outageMs = troubleMs + PERIOD_MS;
  recover(pace, outageMs);
  assert.equal(drainFor(pace, outageMs, outageMs + PERIOD_MS, false), 6000);
  assert.equal(drainFor(pace, outageMs + PERIOD_MS, outageMs + 2 * PERIOD_MS, false), 6000);
  recover(pace, outageMs + 2 * PERIOD_MS);
  assert.equal(drainFor(pace, outageMs + 2 * PERIOD_MS, outageMs + 3 * PERIOD_MS, false), 6000);
});

const step = fc.record({ waitMs: fc.nat(400), outcome: fc.constantFrom('answered', 'answered', 'trouble', 'neither') });

test('however tries end, a recovering period never sends more than half as much again as is allowed before it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.array(step, { maxLength: 400 }), (perSecond, steps) => {
      const pace = createPace();
      let nowMs = healthyFor(pace, perSecond, 2);
      recover(pace, nowMs);
      let periodFromMs = nowMs;
      let inPeriod = 0;
      let most = Math.max(100, perSecond * 1.5) * 10;
      for (const { waitMs, outcome } of steps) {
        nowMs = Math.max(nowMs + waitMs, readyAtMs(pace, nowMs + waitMs));
        if (nowMs >= periodFromMs + PERIOD_MS) {
          periodFromMs = nowMs;
          inPeriod = 0;
          most *= 1.5;
        }
        started(pace, nowMs);
        assert.ok(++inPeriod <= most, `${inPeriod} of ${most}`);
        afterTry(pace, outcome as 'answered' | 'trouble' | 'neither', nowMs);
        assert.ok(window(pace, 8) >= 1 && window(pace, 8) <= 8);
      }
    }),
    { numRuns: 100 },
  );
});
