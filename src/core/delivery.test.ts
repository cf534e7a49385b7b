import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { answered, unanswered } from '../../test/support/ports.ts';
import type { Answer } from './attempt.ts';
import { judge, statusOf, type TryContext } from './delivery.ts';
import { FAILURE_CODES, failureRetry } from './failure.ts';
import { type ProfileName, profiles } from './profile.ts';
import type { RetryPolicy } from './retry.ts';

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
  const rows: readonly [status: number, standard: string, stella: string][] = [
    [200, 'succeeded', 'succeeded'],
    [204, 'succeeded', 'succeeded'],
    [299, 'succeeded', 'succeeded'],
    [301, 'failed_permanent', 'retry'],
    [307, 'failed_permanent', 'retry'],
    [400, 'failed_permanent', 'failed_permanent'],
    [401, 'failed_permanent', 'failed_permanent'],
    [404, 'failed_permanent', 'failed_permanent'],
    [408, 'retry', 'failed_permanent'],
    [410, 'failed_permanent', 'failed_permanent'],
    [418, 'failed_permanent', 'failed_permanent'],
    [425, 'retry', 'failed_permanent'],
    [429, 'retry', 'failed_permanent'],
    [500, 'retry', 'retry'],
    [503, 'retry', 'retry'],
    [599, 'retry', 'retry'],
    [101, 'retry', 'retry'],
    [700, 'retry', 'retry'],
  ];
  for (const [status, standard, stella] of rows) {
    test(`of ${status} means ${standard} under standard and ${stella} under stella`, () => {
      assert.equal(fate('standard', answered(status)), standard);
      assert.equal(fate('stella', answered(status)), stella);
    });
  }

  test('that never came is retried, except where the address is refused', () => {
    for (const profile of ['standard', 'stella'] as const) {
      assert.equal(fate(profile, unanswered('connect_refused')), 'retry');
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
  });
});

describe('a receiver that has gone', () => {
  test('switches a standard subscription off, and is one failure of a stella one', () => {
    assert.equal(judged('standard', answered(410)).disable, true);
    assert.equal(judged('stella', answered(410)).disable, false);
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

  test('means nothing with another word or to a stella subscription', () => {
    assert.equal(says('please stop', 'standard').next.kind, 'retry');
    for (const word of ['abort-message', 'disable']) {
      const { next, disable } = says(word, 'stella');
      assert.deepEqual([next.kind, disable], ['retry', false]);
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
