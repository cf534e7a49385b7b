import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { profiles } from './profile.ts';
import {
  defaultMaxAgeSeconds,
  MAX_AGE_SECONDS,
  MAX_DELAY_MS,
  parseRetryAfterMs,
  type RetryPolicy,
  retryDelayMs,
} from './retry.ts';

const NOW_MS = Date.UTC(2026, 2, 29, 0, 59, 59);
const MIDDLE = 0.5;

const plain: RetryPolicy = { ...profiles.stella.retry, maxAgeSeconds: 3600 };
const policy: fc.Arbitrary<RetryPolicy> = fc.record({
  maxRetries: fc.integer({ min: 0, max: 100 }),
  backoffType: fc.constantFrom('exponential', 'linear', 'fixed', 'schedule'),
  backoffSeconds: fc.integer({ min: 0, max: 2_592_000 }),
  scheduleSeconds: fc.array(fc.integer({ min: 0, max: 2_592_000 }), { maxLength: 5 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  maxAgeSeconds: fc.constant(3600),
  retryOn: fc.constant([]),
  honoursRetryAfter: fc.boolean(),
});
const roll = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function delays(of: Partial<RetryPolicy>, count: number): number[] {
  return Array.from({ length: count }, (_, at) => retryDelayMs({ ...plain, ...of }, at + 1, MIDDLE) / 1000);
}

describe('the wait before a retry', () => {
  test('doubles, grows by its base, stays, or follows a schedule whose last entry repeats', () => {
    assert.deepEqual(delays({ backoffType: 'exponential', backoffSeconds: 10 }, 4), [10, 20, 40, 80]);
    assert.deepEqual(delays({ backoffType: 'linear', backoffSeconds: 10 }, 4), [10, 20, 30, 40]);
    assert.deepEqual(delays({ backoffType: 'fixed', backoffSeconds: 10 }, 4), [10, 10, 10, 10]);
    assert.deepEqual(delays({ backoffType: 'schedule', scheduleSeconds: [1, 5] }, 4), [1, 5, 5, 5]);
  });

  test('follows the schedule of the standard profile', () => {
    const expected = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
    assert.deepEqual(delays({ ...profiles.standard.retry }, 9), expected);
  });

  test('lies anywhere in the jitter band, and only there', () => {
    const jittered = { ...plain, backoffType: 'fixed', backoffSeconds: 100, jitter: 0.2 } as const;
    assert.equal(retryDelayMs(jittered, 1, 0), 80_000);
    assert.equal(retryDelayMs(jittered, 1, MIDDLE), 100_000);
    assert.equal(retryDelayMs(jittered, 1, 1), 120_000);
    assert.equal(retryDelayMs({ ...jittered, jitter: 0 }, 1, 0), 100_000);
  });

  test('is a whole number of milliseconds between none and thirty days for every policy, try and roll', () => {
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 5000 }), roll, (of, retry, rolled) => {
        const delayMs = retryDelayMs(of, retry, rolled);
        assert.ok(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= MAX_DELAY_MS, `${delayMs}`);
      }),
    );
  });
});

describe('the age at which a delivery is given up', () => {
  test('is its longest span of waits, a full timeout for each try, and an hour', () => {
    assert.equal(defaultMaxAgeSeconds(profiles.stella.retry, 30_000), 70 + 4 * 30 + 3600);
    assert.equal(defaultMaxAgeSeconds(profiles.standard.retry, 15_000), 272_105 * 1.2 + 10 * 15 + 3600);
  });

  test('never cuts a retry off that the policy promises, unless a year has passed', () => {
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 60_000 }), (of, timeoutMs) => {
        const maxAgeMs = defaultMaxAgeSeconds(of, timeoutMs) * 1000;
        let ageMs = timeoutMs;
        for (let retry = 1; retry <= of.maxRetries; retry++) ageMs += retryDelayMs(of, retry, 1) + timeoutMs;
        assert.ok(ageMs <= maxAgeMs || maxAgeMs === MAX_AGE_SECONDS * 1000);
        assert.ok(maxAgeMs <= MAX_AGE_SECONDS * 1000);
      }),
    );
  });
});

describe('Retry-After', () => {
  test('is seconds', () => {
    assert.equal(parseRetryAfterMs('120', NOW_MS), 120_000);
    assert.equal(parseRetryAfterMs(' 0 ', NOW_MS), 0);
    assert.equal(parseRetryAfterMs('0000120', NOW_MS), 120_000);
    for (const many of ['9999999999', '12345678901', '9'.repeat(400)]) {
      assert.equal(parseRetryAfterMs(many, NOW_MS), MAX_AGE_SECONDS * 1000);
    }
  });

  test('is a date in GMT in each form of HTTP, also across the hour that summer time skips', () => {
    const dates = ['Sun, 29 Mar 2026 03:00:00 GMT', 'Sunday, 29-Mar-26 03:00:00 GMT', 'Sun Mar 29 03:00:00 2026'];
    for (const date of dates) assert.equal(parseRetryAfterMs(date, NOW_MS), 7_201_000, date);
  });

  test('that has passed, is missing or is anything else asks for nothing', () => {
    const useless = [
      undefined,
      '',
      '-5',
      '1.5',
      '1e3',
      '1, 2',
      'soon',
      'Sun, 29 Mar 2026 00:00:00 GMT',
      'Sun, 29 Mar 2026 03:00:00 +0100',
      '2026-03-29T03:00:00Z',
      'Sun, 29 Foo 2026 03:00:00 GMT',
    ];
    for (const value of useless) assert.equal(parseRetryAfterMs(value, NOW_MS), null, `${value}`);
  });
});
