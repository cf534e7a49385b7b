import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hopsOf } from './hops.ts';

test('the count of hops is a plain number or none', () => {
  assert.equal(hopsOf({ 'hookyard-hops': '3' }), 3);
  for (const text of ['', '-1', '1.5', '1e3', '1, 2', ' 1', '9'.repeat(7)])
    assert.equal(hopsOf({ 'hookyard-hops': text }), 0);
  assert.equal(hopsOf({}), 0);
});
