import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createMac } from '../../adapters/mac.ts';
import { toHex, utf8 } from './encoding.ts';
import { createWebhookAuth } from './validate.ts';

const mac = createMac();
const { validateSignature, validateToken } = createWebhookAuth(mac);
const payload = utf8('{"n":1}');

test('a signature verifies bare as seed 001 has it, behind its prefix, and in either case', () => {
  for (const [algorithm, hash] of [
    ['hmac-sha256', 'sha256'],
    ['hmac-sha1', 'sha1'],
  ] as const) {
    const hex = toHex(mac.hmac(hash, utf8('s3cret'), payload));
    for (const signature of [hex, `${hash}=${hex}`, hex.toUpperCase()]) {
      assert.equal(validateSignature(payload, signature, 's3cret', algorithm), true, signature);
      assert.equal(validateSignature(payload, signature, 'another', algorithm), false);
      assert.equal(validateSignature(utf8('{"n":2}'), signature, 's3cret', algorithm), false);
    }
    const other = algorithm === 'hmac-sha1' ? 'hmac-sha256' : 'hmac-sha1';
    assert.equal(validateSignature(payload, hex, 's3cret', other), false);
    assert.equal(validateSignature(payload, toHex(mac.hmac(hash, utf8(''), payload)), '', algorithm), false);
  }
});

test('a token is compared whole, and an empty one is never right', () => {
  assert.equal(validateToken('s3cret', 's3cret'), true);
  for (const token of ['né€', 'né']) {
    assert.equal(validateToken(token, token), true);
    assert.equal(validateToken(Buffer.from(token).toString('latin1'), token), true);
  }
  for (const [token, expected] of [
    ['s3cre', 's3cret'],
    ['s3crets', 's3cret'],
    ['S3CRET', 's3cret'],
    ['', 's3cret'],
    ['', ''],
    [' ', ' '],
  ] as const) {
    assert.equal(validateToken(token, expected), false, token);
  }
});

test('no text makes either throw', () => {
  const text = fc.string({ unit: 'binary', maxLength: 80 });
  fc.assert(
    fc.property(text, text, (given, secret) => {
      assert.equal(validateSignature(payload, given, secret, 'hmac-sha256'), false);
      assert.equal(typeof validateToken(given, secret), 'boolean');
    }),
    { numRuns: 200 },
  );
});
