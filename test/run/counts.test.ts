import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGood, judged, lastLine, total } from './counts.ts';

const GOOD = { passed: 3, failed: 0, skipped: 0 };

test('a step is good when something passed and nothing else happened', () => {
  assert.equal(isGood(judged(GOOD, 0)), true);
});

test('a step that proves nothing fails', () => {
  assert.equal(isGood(judged(null, 0)), false);
  assert.equal(isGood(judged({ ...GOOD, passed: 0 }, 0)), false);
  assert.equal(isGood(judged({ ...GOOD, skipped: 1 }, 0)), false);
});

test('a runner that fails without a failed test counts as one failure', () => {
  assert.deepEqual(judged(GOOD, 1), { ...GOOD, failed: 1 });
  assert.deepEqual(judged({ ...GOOD, failed: 2 }, 1), { ...GOOD, failed: 2 });
});

test('the last line names skipped tests only when there are any', () => {
  assert.equal(lastLine(total([GOOD, GOOD])), '6 passed, 0 failed');
  assert.equal(lastLine(total([GOOD, { passed: 0, failed: 1, skipped: 2 }])), '3 passed, 1 failed, 2 skipped');
});
