import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DuePosition, nextCursor, TRAIL_MS } from './cursor.ts';

const NOW_MS = 1_000_000;
const last: DuePosition = { dueMs: NOW_MS - 10, deliveryId: '01994a3c-7b20-7abc-8def-0123456789ab' };
const START = '00000000-0000-0000-0000-000000000000';

describe('the next claim of a shard', () => {
  test('goes on behind the last ticket of a full page', () => {
    assert.deepEqual(nextCursor({ last, full: true, nowMs: NOW_MS }, TRAIL_MS), last);
  });

  test('falls back behind engine time after a page that was not full, whatever full pages have passed', () => {
    const trailing = { dueMs: NOW_MS - TRAIL_MS, deliveryId: START };
    assert.deepEqual(nextCursor({ last, full: false, nowMs: NOW_MS }, TRAIL_MS), trailing);
    assert.deepEqual(nextCursor({ last: null, full: false, nowMs: NOW_MS }, TRAIL_MS), trailing);
  });

  test('starts at engine time where what is due is visible at once', () => {
    assert.deepEqual(nextCursor({ last, full: false, nowMs: NOW_MS }, 0), { dueMs: NOW_MS, deliveryId: START });
  });

  test('never starts before the beginning', () => {
    assert.deepEqual(nextCursor({ last: null, full: false, nowMs: 5 }, TRAIL_MS), { dueMs: 0, deliveryId: START });
  });
});
