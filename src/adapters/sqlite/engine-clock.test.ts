import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineClock, startClock } from './engine-clock.ts';

test('engine time starts no earlier than the latest time persisted', () => {
  const futureMs = Date.now() + 86_400_000;
  assert.ok(engineClock(startClock(futureMs, null)).nowMs() >= futureMs);
});

test('engine time starts at the wall clock when that is later', () => {
  const beforeMs = Date.now();
  assert.ok(engineClock(startClock(0, null)).nowMs() >= beforeMs);
});

test('an offset moves engine time, and is never part of what is persisted', () => {
  const offset = new SharedArrayBuffer(8);
  const clock = engineClock({ startMs: 1_000, atNs: process.hrtime.bigint(), offset });
  new Float64Array(offset)[0] = 86_400_000;
  assert.ok(clock.nowMs() >= 86_401_000);
  assert.ok(clock.highWaterMs() < 86_400_000);
});
