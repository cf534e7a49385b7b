import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStoreAway, storeAway } from './store-away.ts';

test('a store that is away is known by the code of its error, and keeps its cause', () => {
  const cause = new Error('ECONNREFUSED');
  const away = storeAway('no answer', cause);
  assert.deepEqual([away.message, away.cause, { ...away }], ['no answer', cause, { code: 'STORE_UNAVAILABLE' }]);
  assert.deepEqual([isStoreAway(away), 'cause' in storeAway('closed')], [true, false]);
});

test('any other error, and what is no error, is not a store that is away', () => {
  const others = [
    new Error('STORE_UNAVAILABLE'),
    Object.assign(new Error('no'), { code: 'ENOENT' }),
    { code: 'STORE_UNAVAILABLE' },
    null,
  ];
  assert.deepEqual(others.map(isStoreAway), [false, false, false, false]);
});
