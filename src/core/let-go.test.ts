import assert from 'node:assert/strict';
import { test } from 'node:test';
import { letGo } from './let-go.ts';

test('bytes that were let go of are empty, and may be let go of again', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  letGo(bytes);
  letGo(bytes);
  assert.deepEqual([bytes.length, bytes.buffer.byteLength], [0, 0]);
});

test('a part of an allocation is left as it is, for others have parts of it too', () => {
  const all = Uint8Array.of(1, 2, 3);
  letGo(all.subarray(1));
  letGo(all.subarray(0, 0));
  assert.deepEqual(all, Uint8Array.of(1, 2, 3));
});

test('memory that threads share is left as it is', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  letGo(shared);
  assert.equal(shared.length, 3);
});
