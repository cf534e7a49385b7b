import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pausedMs } from './subscription.ts';

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
