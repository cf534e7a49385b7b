import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { associatedData, KEY_ID_BYTES, NONCE_BYTES, packSealed, SUITES, TAG_BYTES, unpackSealed } from './secret.ts';

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });
const parts = fc.record(
  {
    suite: fc.constantFrom(...SUITES),
    keyId: bytes(KEY_ID_BYTES),
    nonce: bytes(NONCE_BYTES),
    ciphertext: fc.uint8Array({ maxLength: 64 }),
    tag: bytes(TAG_BYTES),
  },
  { noNullPrototype: true },
);

describe('a sealed value', () => {
  test('is version, suite, key id, nonce, ciphertext and tag, and comes apart again', () => {
    fc.assert(
      fc.property(parts, (sealed) => {
        const packed = packSealed(sealed);
        assert.deepEqual([packed[0], packed[1]], [1, sealed.suite === 'aes-256-gcm' ? 0 : 1]);
        assert.equal(packed.length, 2 + 8 + 12 + sealed.ciphertext.length + 16);
        assert.deepEqual(unpackSealed(packed), sealed);
      }),
    );
  });

  test('of another version or suite, or cut short, is none', () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 2, max: 255 }), (sealed, other) => {
        const packed = packSealed(sealed);
        assert.equal(unpackSealed(Uint8Array.from(packed, (byte, at) => (at === 0 ? other : byte))), null);
        assert.equal(unpackSealed(Uint8Array.from(packed, (byte, at) => (at === 1 ? other : byte))), null);
        assert.equal(unpackSealed(packed.subarray(0, 2 + 8 + 12 + 16 - 1)), null);
      }),
    );
  });

  test('of any other bytes never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (any) => void unpackSealed(any)));
  });
});

test('two different contexts never read alike', () => {
  const words = fc.array(fc.string({ maxLength: 6 }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(words, words, (one, other) => {
      const same = Buffer.compare(associatedData(one), associatedData(other)) === 0;
      assert.equal(same, JSON.stringify(one) === JSON.stringify(other));
    }),
    {
      examples: [
        [
          ['a', 'b,c', '', '', ''],
          ['a,b', 'c', '', '', ''],
        ],
      ],
    },
  );
});
