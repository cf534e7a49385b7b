import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  afterAttempt,
  disableRule,
  type Health,
  isExhausted,
  markOf,
  NO_HEALTH,
  type ToldPercent,
  withoutStreak,
} from './health.ts';

type Attempt = Parameters<typeof afterAttempt>[1];

const delivered: Attempt = {
  atMs: 0,
  sent: true,
  delivered: true,
  statusCode: 200,
  failure: null,
  closes: 'succeeded',
};
const failing: Attempt = { atMs: 0, sent: true, delivered: false, statusCode: 500, failure: 'http_5xx', closes: null };
const failed: Attempt = { ...failing, closes: 'failed_permanent' };

function after(...attempts: Attempt[]): Health {
  return attempts.reduce((health, attempt, at) => afterAttempt(health, { ...attempt, atMs: at + 1 }), NO_HEALTH);
}

describe('the health of a subscription', () => {
  test('counts deliveries that failed for good, not their tries', () => {
    const health = after(failing, failing, failed, failing, { ...failed, closes: 'expired' });
    assert.equal(health.consecutiveFailures, 2);
    assert.equal(health.firstFailureAtMs, 3);
    assert.equal(health.lastFailureAtMs, 5);
  });

  test('starts afresh with a success', () => {
    const health = after(failed, delivered, failed);
    assert.equal(after(failed, delivered).consecutiveFailures, 0);
    assert.equal(after(failed, delivered).firstFailureAtMs, null);
    assert.deepEqual([health.consecutiveFailures, health.firstFailureAtMs], [1, 3]);
    assert.deepEqual([health.lastSuccessAtMs, health.lastFailureAtMs], [2, 3]);
  });

  test('shows the last try that was sent and its status', () => {
    const unsent: Attempt = { ...failed, sent: false, statusCode: null, closes: 'expired' };
    const health = after(failing, unsent);
    assert.deepEqual([health.lastDeliveryAtMs, health.lastStatusCode, health.consecutiveFailures], [1, 500, 1]);
  });

  test('is left alone by what somebody cancelled', () => {
    const before = after(failed);
    assert.deepEqual(afterAttempt(before, { ...failed, atMs: 9, sent: false, closes: 'cancelled' }), before);
  });

  test('is left alone by what ended our own process', () => {
    const before = after(failed);
    const poison = { ...failed, sent: false, failure: 'poison', closes: 'failed_permanent' } as const;
    assert.deepEqual(afterAttempt(before, poison), before);
  });
});

const DAY_MS = 86_400_000;
const streak = (consecutiveFailures: number, firstFailureAtMs: number | null = 0) => ({
  consecutiveFailures,
  firstFailureAtMs,
});

describe('a subscription is switched off', () => {
  test('after fifty failures in a row that took a day, unless it says otherwise', () => {
    const rule = disableRule({ profile: 'standard', autoDisableThreshold: null }) ?? assert.fail('it has a rule');
    assert.deepEqual(rule, { threshold: 50, minSpanMs: DAY_MS });
    assert.deepEqual(disableRule({ profile: 'stella', autoDisableThreshold: null }), rule);
    assert.equal(isExhausted(streak(50), rule, DAY_MS), true);
    assert.equal(isExhausted(streak(49), rule, DAY_MS), false);
    assert.equal(isExhausted(streak(50), rule, DAY_MS - 1), false);
    assert.equal(isExhausted(streak(50, null), rule, DAY_MS), false);
  });

  test('by a threshold of its own at once', () => {
    const rule = disableRule({ profile: 'stella', autoDisableThreshold: 3 }) ?? assert.fail('it has a rule');
    assert.equal(isExhausted(streak(3), rule, 0), true);
    assert.equal(isExhausted(streak(2), rule, DAY_MS), false);
  });

  test('never under a profile that has no such rule, whatever threshold it names', () => {
    for (const profile of ['instanode', 'foreman'] as const) {
      assert.equal(disableRule({ profile, autoDisableThreshold: null }), null);
      assert.equal(disableRule({ profile, autoDisableThreshold: 3 }), null);
    }
  });

  test('of seed 004 by the number of its failures alone', () => {
    const rule = disableRule({ profile: 'forge', autoDisableThreshold: null }) ?? assert.fail('it has a rule');
    assert.deepEqual([isExhausted(streak(49), rule, DAY_MS), isExhausted(streak(50), rule, 0)], [false, true]);
    assert.deepEqual(disableRule({ profile: 'forge', autoDisableThreshold: 7 }), { threshold: 7, minSpanMs: 0 });
  });
});

test('a streak passes the marks of 50, 70 and 90 percent of the threshold', () => {
  const marks = (threshold: number, upTo: number) =>
    Array.from({ length: upTo + 1 }, (_, failures) => markOf(streak(failures), { threshold, minSpanMs: 0 }));
  const ten: ToldPercent[] = [0, 0, 0, 0, 0, 50, 50, 70, 70, 90, 90, 90];
  assert.deepEqual(marks(10, 11), ten);
  assert.deepEqual(marks(3, 3), [0, 0, 50, 90]);
  assert.deepEqual(marks(1, 1), [0, 90]);
});

test('enabling ends a streak and keeps the rest, above all what was told', () => {
  const before: Health = { ...after(delivered, failed, failed), toldPercent: 100 };
  assert.deepEqual(withoutStreak(before), { ...before, consecutiveFailures: 0, firstFailureAtMs: null });
});
