import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyOf, sameBytes } from './copy.ts';

test('a copy is equal and shares nothing with its original', () => {
  const original = { list: [{ n: 1 }], bytes: new Uint8Array([1, 2]), none: null, map: new Map([['k', { n: 2 }]]) };
  const copy = copyOf(original);
  assert.deepEqual(copy, original);
  original.list[0] = { n: 9 };
  original.bytes.fill(9);
  original.map.set('k', { n: 9 });
  assert.deepEqual(copy, {
    list: [{ n: 1 }],
    bytes: new Uint8Array([1, 2]),
    none: null,
    map: new Map([['k', { n: 2 }]]),
  });
});

test('copied bytes own exactly their length, also when they were part of a pool', () => {
  const pool = new Uint8Array(64).fill(7);
  assert.equal(copyOf(pool.subarray(8, 12)).buffer.byteLength, 4);
});

test('byte strings are the same when length and every byte are', () => {
  const bytes = (...values: number[]) => new Uint8Array(values);
  assert.equal(sameBytes(bytes(1, 2), bytes(1, 2)), true);
  assert.equal(sameBytes(bytes(1, 2), bytes(1, 3)), false);
  assert.equal(sameBytes(bytes(1, 2), bytes(1, 2, 3)), false);
  assert.equal(sameBytes(bytes(), bytes()), true);
});
