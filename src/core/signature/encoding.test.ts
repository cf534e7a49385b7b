import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromBase64, fromCanonicalBase64, fromHex, joined, toBase64, toHex, utf8, wireBytes } from './encoding.ts';

const bytes = fc.uint8Array({ maxLength: 70 });

test('hex is read back in either case', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      assert.deepEqual(fromHex(toHex(value)), value);
      assert.deepEqual(fromHex(toHex(value).toUpperCase()), value);
      assert.equal(toHex(value), Buffer.from(value).toString('hex'));
    }),
    { numRuns: 100 },
  );
});

test('base64 is what every other encoder writes, and is read back with and without padding', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const text = toBase64(value);
      assert.equal(text, Buffer.from(value).toString('base64'));
      assert.deepEqual(fromCanonicalBase64(text), value);
      assert.deepEqual(fromBase64(text.replace(/=+$/, '')), value);
    }),
    { numRuns: 100 },
  );
});

test('what is not hex is refused', () => {
  for (const text of ['a', 'zz', '0x12', 'ab ', ' ab', 'ab\n']) assert.equal(fromHex(text), null, text);
});

test('base64 has one spelling where it must: no other alphabet, missing padding, stray bits or spaces', () => {
  assert.deepEqual(fromCanonicalBase64('/+8='), Uint8Array.of(0xff, 0xef));
  for (const text of ['_-8=', '/+8', '/+9=', '/+8==', ' /+8=', '/+8=\n', 'A', 'A===', '=']) {
    assert.equal(fromCanonicalBase64(text), null, text);
  }
});

test('header values give the bytes of the wire, and nothing for characters no byte can be', () => {
  assert.deepEqual(wireBytes('a\u00e9'), Uint8Array.of(0x61, 0xe9));
  assert.equal(wireBytes('\u20ac'), null);
});

test('a head and a body stand next to each other byte for byte', () => {
  assert.deepEqual(joined('é.', Uint8Array.of(0, 255)), Uint8Array.of(...utf8('é.'), 0, 255));
});
