import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStoreAway, storeAway } from './store-away.ts';

test('a store that is away is told by its code, with what went wrong as the cause', () => {
  const cause = new Error('refused');
  const error = storeAway('the database does not answer', cause);
  assert.ok(isStoreAway(error));
  assert.deepEqual({ ...error }, { code: 'STORE_UNAVAILABLE' });
  assert.deepEqual([error.message, error.cause], ['the database does not answer', cause]);
  assert.equal('cause' in storeAway('the store is closed'), false);
});

test('a bug is no store that is away, nor is what was never an error', () => {
  const others = [new Error('STORE_UNAVAILABLE'), Object.assign(new Error(''), { code: 'ECONNREFUSED' }), null];
  for (const error of [...others, { code: 'STORE_UNAVAILABLE' }]) assert.equal(isStoreAway(error), false);
});
