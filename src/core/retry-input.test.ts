import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURE_CODES, failureRetry } from './failure.ts';
import { retryOf } from './retry-input.ts';

test('`all` tries again whatever a policy can decide about', () => {
  const decided = FAILURE_CODES.map(failureRetry).filter((retry) => !['always', 'never', 'held'].includes(retry));
  const { retryOn } = retryOf({ retryOn: 'all' }, 'stella', 1000);
  assert.deepEqual([...retryOn].sort(), [...new Set(decided)].sort());
});
