import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, InVain } from './eventually.ts';

test('what is looked for is looked for until it is there', async () => {
  let looks = 0;
  assert.equal(await eventually('the third look', () => (++looks === 3 ? 'seen' : null)), 'seen');
});

test('a process that stood still for all the time looks once more before it gives up', async (t) => {
  let [nowMs, looks] = [0, 0];
  t.mock.method(performance, 'now', () => nowMs);
  const stoodStill = async () => {
    nowMs += 3_600_000;
  };
  assert.equal(await eventually('the second look', () => (++looks === 2 ? 'seen' : null), 1000, stoodStill), 'seen');
});

test('what never comes is named with what was there instead', async () => {
  const look = (saw: (instead: unknown) => void) => {
    saw({ status: 503 });
    return null;
  };
  await assert.rejects(eventually('an answer', look, 0), (error) => {
    assert.ok(error instanceof InVain);
    assert.match(error.message, /^waited \d+ ms in vain: an answer \(\d+ looks, .*\); instead: \{"status":503\}$/);
    return true;
  });
});
