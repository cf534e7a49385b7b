import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aTry } from '../../../test/store-contract/samples.ts';
import { showAttempt } from './attempt.ts';

const ticket = { deliveryId: 'd', eventId: 'e', subscriptionId: 's', n: 0 } as unknown as Parameters<typeof aTry>[0];

test('an attempt says how long its answer was, and whether only the beginning of it is shown', () => {
  const { detail } = aTry(ticket);
  const whole = showAttempt(aTry(ticket), null);
  assert.deepEqual([whole.responseLength, whole.responseTruncated], [9, false]);
  const long = { ...detail, responseLength: 100_000, responseTruncated: true };
  const cut = showAttempt(aTry(ticket, { detail: long }), null);
  assert.deepEqual([cut.responseLength, cut.responseTruncated], [100_000, true]);
});
