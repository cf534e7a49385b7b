import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SubscriptionState } from './subscription.ts';
import { type ToldConfig, warningOf } from './warning.ts';

const ID = '01994a3c-7b20-7abc-8def-0123456789ac';
const config: ToldConfig = {
  name: 'chat',
  url: 'https://chat.example.com/hooks/s3cret',
  owner: null,
  profile: 'standard',
  autoDisableThreshold: null,
};
const streak = (consecutiveFailures: number) => ({ consecutiveFailures, firstFailureAtMs: 7 });
const of = (failures: number, state: SubscriptionState = { kind: 'active' }) =>
  warningOf({ id: ID, state, config }, streak(failures));
const open = { subscription: { id: ID, name: 'chat', host: 'chat.example.com', owner: null }, threshold: 50 };

describe('a warning is open', () => {
  test('while a streak has passed a mark', () => {
    assert.equal(of(24), null);
    assert.deepEqual(of(25), {
      ...open,
      kind: 'warning',
      consecutiveFailures: 25,
      percent: 50,
      sinceMs: 7,
      reason: null,
    });
    assert.equal(of(49, { kind: 'paused', sinceMs: 1 })?.percent, 90);
  });

  test('while the subscription is off, unless a person switched it off', () => {
    const off = (reason: 'user' | 'gone' | 'failures') => of(3, { kind: 'disabled', sinceMs: 9, reason });
    const expected = { ...open, kind: 'disabled', consecutiveFailures: 3, percent: 100, sinceMs: 9 };
    assert.deepEqual(off('gone'), { ...expected, reason: 'gone' });
    assert.deepEqual(off('failures'), { ...expected, reason: 'failures' });
    assert.equal(off('user'), null);
  });

  test('of nothing that cannot be read', () => {
    assert.equal(warningOf({ id: ID, state: { kind: 'active' }, config: null }, streak(50)), null);
  });
});
