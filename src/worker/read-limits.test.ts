import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOver } from './read-limits.ts';

test('one shard is read as far as it may be, many share what one reading may bring', () => {
  const limits = { most: 500, inAll: 4096, bytes: 1 };
  assert.deepEqual(
    [1, 8, 9, 64, 256, 100_000].map((cursors) => limitsOver(cursors, limits).tickets),
    [500, 500, 456, 64, 16, 16],
  );
});
