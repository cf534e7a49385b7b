import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { afterAttempt, type Health, NO_HEALTH } from './health.ts';

type Attempt = Parameters<typeof afterAttempt>[1];

const delivered: Attempt = { atMs: 0, sent: true, delivered: true, statusCode: 200, closes: 'succeeded' };
const failing: Attempt = { atMs: 0, sent: true, delivered: false, statusCode: 500, closes: null };
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
});
