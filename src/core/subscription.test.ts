import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { completeStored, pausedMs, type SubscriptionConfig } from './subscription.ts';
import { completeSubscription } from './subscription-input.ts';

const pauses = [
  { fromMs: 100, toMs: 200 },
  { fromMs: 300, toMs: 400 },
  { fromMs: 900, toMs: null },
];

describe('the time a delivery spent paused', () => {
  test('is the sum of all pauses since it was made, the one that lasts included', () => {
    assert.equal(pausedMs(pauses, 0, 1000), 300);
  });

  test('counts only what lies between its making and now', () => {
    assert.equal(pausedMs(pauses, 150, 350), 100);
    assert.equal(pausedMs(pauses, 200, 300), 0);
    assert.equal(pausedMs(pauses, 500, 800), 0);
    assert.equal(pausedMs(pauses, 950, 960), 10);
    assert.equal(pausedMs([], 0, 1000), 0);
  });
});

describe('a stored configuration', () => {
  function made(changes: Partial<SubscriptionConfig> = {}): SubscriptionConfig {
    const completed = completeSubscription({ name: 'n', url: 'https://example.com' }, () => 'whsec_AAEC');
    assert.ok(completed.kind === 'config');
    return { ...completed.config, ...changes };
  }

  test('of before rates, order and thresholds is one that leaves them out, and is stored again as one made today', () => {
    const { rateLimit: _rate, ordered: _order, autoDisableThreshold: _threshold, ...older } = made();
    assert.equal(JSON.stringify(completeStored(older)), JSON.stringify(made()));
  });

  test('of today stays as it is', () => {
    const set = made({ rateLimit: { count: 1, seconds: 2 }, ordered: true, autoDisableThreshold: 3 });
    assert.deepEqual(completeStored(set), set);
  });
});
