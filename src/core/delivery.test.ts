import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { answered, unanswered } from '../../test/support/ports.ts';
import type { Answer } from './attempt.ts';
import { judge, statusOf, type TryContext } from './delivery.ts';
import { FAILURE_CODES, failureRetry } from './failure.ts';
import { PROFILE_NAMES, type ProfileName, profiles } from './profile.ts';
import { defaultMaxAgeSeconds, type RetryOn, type RetryPolicy } from './retry.ts';

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const seconds = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2_592_000 }));
const anyPolicy = fc
  .record({
    profile: fc.constantFrom(...PROFILE_NAMES),
    isOwn: fc.boolean(),
    changes: fc.record({
      maxRetries: fc.integer({ min: 0, max: 20 }),
      backoffType: fc.constantFrom('exponential', 'linear', 'fixed', 'schedule'),
      backoffSeconds: seconds,
      scheduleSeconds: fc.array(seconds, { minLength: 1, maxLength: 4 }),
      jitter: fc.oneof(fc.constantFrom(0, 1), fraction),
      maxAgeSeconds: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 400 * 86_400 })),
      retryOn: fc.constantFrom<readonly RetryOn[]>(['network', '5xx', '3xx'], ['429'], profiles.foreman.retry.retryOn),
    }),
  })
  .map(({ profile, isOwn, changes }) => {
    const { retry, timeoutMs } = profiles[profile];
    const byDefault = { ...retry, maxAgeSeconds: defaultMaxAgeSeconds(retry, timeoutMs) };
    return { profile, policy: isOwn ? { ...byDefault, ...changes } : byDefault };
  });
const retryAfter = fc.constantFrom('0', '1', '60', '86400', '9'.repeat(30), 'Sun, 06 Nov 2094 08:49:37 GMT', 'soon');
const anyAnswer = fc.record({
  answer: fc.oneof(
    fc
      .tuple(fc.constantFrom(301, 404, 408, 429, 500, 503), fc.option(retryAfter))
      .map(([status, wait]) => answered(status, wait === null ? {} : { 'retry-after': wait })),
    fc.constantFrom('connect_refused', 'response_timeout', 'dns_timeout').map((code) => unanswered(code)),
  ),
  tookMs: fc.integer({ min: 0, max: 60_000 }),
});

const first: TryContext = { n: 1, ageMs: 0, nowMs: 0, roll: 0.5, goneDisables: false, heedsReceiver: false };

function policyOf(profile: ProfileName, changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return { ...profiles[profile].retry, maxAgeSeconds: 1_000_000, ...changes };
}

function judged(profile: ProfileName, answer: Answer, changes: Partial<TryContext> = {}) {
  const { goneDisables, heedsReceiver } = profiles[profile];
  return judge(answer, policyOf(profile), { ...first, goneDisables, heedsReceiver, ...changes });
}

function fate(profile: ProfileName, answer: Answer): string {
  const { next } = judged(profile, answer);
  return next.kind === 'close' ? next.closes : next.kind;
}

describe('a first answer', () => {
  const [OK, END, AGAIN] = ['succeeded', 'failed_permanent', 'retry'];
  /** By profile, in the order of the table. */
  const rows: readonly [status: number, ...fates: string[]][] = [
    [200, OK, OK, OK, OK, OK],
    [204, OK, OK, OK, OK, OK],
    [299, OK, OK, OK, OK, OK],
    [300, END, AGAIN, END, AGAIN, END],
    [301, END, AGAIN, END, AGAIN, END],
    [304, END, AGAIN, END, AGAIN, END],
    [307, END, AGAIN, END, AGAIN, END],
    [400, END, END, END, AGAIN, END],
    [401, END, END, END, AGAIN, END],
    [404, END, END, END, AGAIN, END],
    [408, AGAIN, END, END, AGAIN, AGAIN],
    [410, END, END, END, AGAIN, END],
    [418, END, END, END, AGAIN, END],
    [425, AGAIN, END, END, AGAIN, AGAIN],
    [429, AGAIN, END, END, AGAIN, AGAIN],
    [500, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
    [503, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
    [599, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
    [101, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
    [700, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN],
  ];
  for (const [status, ...fates] of rows) {
    test(`of ${status} means what its profile says`, () => {
      assert.deepEqual(
        PROFILE_NAMES.map((profile) => fate(profile, answered(status))),
        fates,
      );
    });
  }

  test('that never came is retried, except where the address is refused', () => {
    for (const profile of PROFILE_NAMES) {
      assert.equal(fate(profile, unanswered('connect_refused')), 'retry');
      assert.equal(fate(profile, unanswered('tls_expired')), 'retry');
      assert.equal(fate(profile, unanswered('response_timeout')), 'retry');
      assert.equal(fate(profile, unanswered('ssrf_blocked')), 'failed_permanent');
    }
  });

  test('is judged by the words of the policy alone when it names its own', () => {
    const only = (retryOn: RetryPolicy['retryOn'], answer: Answer) =>
      judge(answer, policyOf('standard', { retryOn }), first).next.kind;
    assert.equal(only(['429'], answered(429)), 'retry');
    assert.equal(only(['429'], answered(500)), 'close');
    assert.equal(only(['4xx'], answered(429)), 'retry');
    assert.equal(only(['4xx'], answered(404)), 'retry');
    assert.equal(only(['network'], answered(404)), 'close');
    assert.equal(only([], unanswered('connect_refused')), 'close');
  });
});

describe('the tries of a delivery', () => {
  test('are the first one and as many retries as the policy has', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), (maxRetries) => {
        const policy = policyOf('stella', { maxRetries, backoffSeconds: 0 });
        let n = 1;
        while (judge(answered(500), policy, { ...first, n }).next.kind === 'retry') n++;
        assert.equal(n, maxRetries + 1);
        const { next } = judge(answered(500), policy, { ...first, n });
        assert.deepEqual(next, { kind: 'close', closes: 'failed_permanent' });
      }),
    );
  });

  test('are never more than the policy has, and none begins after its age, whatever the receiver does', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        fc.array(anyAnswer, { minLength: 1 }),
        fc.array(fraction, { minLength: 1 }),
        (...drawn) => {
          const [{ profile, policy }, answers, rolls] = drawn;
          const { goneDisables, heedsReceiver } = profiles[profile];
          let ageMs = 0;
          for (let n = 1; ; n++) {
            const { answer, tookMs } = answers[n % answers.length] ?? assert.fail();
            ageMs += tookMs;
            const roll = rolls[n % rolls.length] ?? 0;
            const { next } = judge(answer, policy, { n, ageMs, nowMs: ageMs, roll, goneDisables, heedsReceiver });
            if (next.kind === 'close') break;
            assert.ok(n <= policy.maxRetries, `try ${n + 1} of a policy of ${policy.maxRetries} retries`);
            assert.ok(next.delayMs >= 0 && Number.isFinite(next.delayMs), `a wait of ${next.delayMs} ms`);
            ageMs += next.delayMs;
            assert.ok(ageMs <= policy.maxAgeSeconds * 1000, `a try at an age of ${ageMs} ms`);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('end as expired when the next one would start after the maximum age, and not a millisecond before', () => {
    const policy = policyOf('stella', { maxAgeSeconds: 60 });
    const at = (ageMs: number) => judge(answered(500), policy, { ...first, ageMs }).next;
    assert.deepEqual(at(50_000), { kind: 'retry', delayMs: 10_000 });
    assert.deepEqual(at(50_001), { kind: 'close', closes: 'expired' });
  });
});

test('a try that the end of the process broke off is made again at once, also when it was the last one', () => {
  const policy = policyOf('stella', { maxRetries: 0, retryOn: [] });
  const { next } = judge(unanswered('aborted_shutdown'), policy, first);
  assert.deepEqual(next, { kind: 'retry', delayMs: 0 });
});

describe('why a delivery ended although tries were left', () => {
  const why = (profile: ProfileName, answer: Answer, changes: Partial<TryContext> = {}) =>
    judged(profile, answer, changes).because;

  test('is that the receiver asked for it, where its profile heeds that', () => {
    const stop = answered(500, { 'webhook-delivery': 'abort-message' });
    assert.deepEqual(why('standard', stop), { wish: 'abort-message' });
    assert.deepEqual(why('stella', stop), {});
  });

  test('is that the next try would come too late', () => {
    assert.deepEqual(why('stella', answered(500), { ageMs: 999_999_000 }), { maxAgeSeconds: '1000000' });
  });

  test('is that the policy does not name the failure', () => {
    assert.deepEqual(why('stella', answered(429)), { unlisted: '429' });
    assert.deepEqual(why('standard', answered(429)), {});
    assert.deepEqual(judge(answered(429), policyOf('stella', { retryOn: ['4xx'], maxRetries: 0 }), first).because, {});
  });

  test('is nothing else: it goes on, was delivered, or its tries are used up', () => {
    for (const answer of [answered(200), answered(500)]) assert.deepEqual(why('stella', answer), {});
    assert.deepEqual(why('stella', answered(500), { n: 4 }), {});
  });
});

describe('Retry-After', () => {
  const asked = (value: string, changes: Partial<RetryPolicy> = {}) =>
    judge(answered(503, { 'retry-after': value }), policyOf('stella', changes), first).next;

  test('lengthens a wait and never shortens it', () => {
    assert.deepEqual(asked('3600'), { kind: 'retry', delayMs: 3_600_000 });
    assert.deepEqual(asked('1'), { kind: 'retry', delayMs: 10_000 });
  });

  test('is honoured in full up to the maximum age, just before which the last try starts', () => {
    assert.deepEqual(asked('7190', { maxAgeSeconds: 7200 }), { kind: 'retry', delayMs: 7_190_000 });
    assert.deepEqual(asked('99999', { maxAgeSeconds: 7200 }), { kind: 'retry', delayMs: 7_195_000 });
    assert.deepEqual(asked('99999', { maxAgeSeconds: 12 }), { kind: 'retry', delayMs: 10_000 });
  });

  test('is ignored by a profile that does not honour it', () => {
    assert.deepEqual(asked('3600', { honoursRetryAfter: false }), { kind: 'retry', delayMs: 10_000 });
    const heeded = PROFILE_NAMES.filter((profile) => {
      const { next } = judged(profile, answered(503, { 'retry-after': '3600' }));
      return next.kind === 'retry' && next.delayMs === 3_600_000;
    });
    assert.deepEqual(heeded, ['standard', 'stella', 'forge']);
  });
});

describe('a receiver that has gone', () => {
  test('switches a standard subscription off, and is one failure of any other', () => {
    const disabled = PROFILE_NAMES.filter((profile) => judged(profile, answered(410)).disable);
    assert.deepEqual(disabled, ['standard']);
  });

  test('is not tried again, also where 4xx is retried', () => {
    const policy = policyOf('standard', { retryOn: ['4xx'] });
    assert.equal(judge(answered(410), policy, { ...first, goneDisables: true }).next.kind, 'close');
  });
});

describe('the response header webhook-delivery', () => {
  const says = (word: string, profile: ProfileName, status = 500) =>
    judged(profile, answered(status, { 'webhook-delivery': word }));

  test('ends a standard delivery, or switches its subscription off', () => {
    const aborted = says('abort-message', 'standard');
    assert.deepEqual([aborted.next, aborted.disable], [{ kind: 'close', closes: 'failed_permanent' }, false]);
    const disabled = says('disable', 'standard');
    assert.deepEqual([disabled.next, disabled.disable], [{ kind: 'close', closes: 'failed_permanent' }, true]);
  });

  test('leaves a success a success', () => {
    const { delivered, next, disable } = says('disable', 'standard', 200);
    assert.deepEqual([delivered, next, disable], [true, { kind: 'close', closes: 'succeeded' }, true]);
  });

  test('means nothing with another word, or to a subscription of another profile', () => {
    assert.equal(says('please stop', 'standard').next.kind, 'retry');
    for (const profile of PROFILE_NAMES.filter((name) => name !== 'standard')) {
      for (const word of ['abort-message', 'disable']) {
        const { next, disable } = says(word, profile);
        assert.deepEqual([next.kind, disable], ['retry', false], profile);
      }
    }
  });
});

test('every failure without an answer is either retried or closed, as its row of the table says', () => {
  for (const code of FAILURE_CODES) {
    const retried = judged('standard', unanswered(code)).next.kind === 'retry';
    if (failureRetry(code) === 'never') assert.ok(!retried, code);
    if (failureRetry(code) === 'always' || failureRetry(code) === 'network') assert.ok(retried, code);
  }
});

test('the status of a delivery follows from its tries while open and from its closing attempt afterwards', () => {
  assert.equal(statusOf({ open: true, attempts: 0, closes: null }), 'pending');
  assert.equal(statusOf({ open: true, attempts: 2, closes: null }), 'failed_retry');
  for (const closes of ['succeeded', 'failed_permanent', 'cancelled', 'expired'] as const) {
    assert.equal(statusOf({ open: false, attempts: 1, closes }), closes);
  }
});
