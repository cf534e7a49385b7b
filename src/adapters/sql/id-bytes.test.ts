import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blob, idOf } from './id-bytes.ts';

test('an id is its 16 bytes and back', () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      assert.deepEqual(Buffer.from(blob(id)).toString('hex'), id.replaceAll('-', ''));
      assert.equal(idOf(blob(id)), id);
    }),
    { numRuns: 100 },
  );
});
