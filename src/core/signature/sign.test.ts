import assert from 'node:assert/strict';
import test from 'node:test';
import { Webhook } from 'standardwebhooks';
import { createMac } from '../../adapters/mac.ts';
import { toBase64, utf8 } from './encoding.ts';
import { hexSignature, signatureKey, standardSignature } from './sign.ts';

const { hmac } = createMac();
const secret = `whsec_${toBase64(Uint8Array.from({ length: 32 }, (_, index) => index * 7))}`;
const body = '{"note":"né 🚀","n":1.0}\n';

test('the reference library for receivers verifies what is signed', (t) => {
  const seconds = 1_767_225_600;
  t.mock.timers.enable({ apis: ['Date'], now: seconds * 1000 });
  const signature = standardSignature(signatureKey(secret, 'standard'), 'evt-1', seconds, utf8(body), hmac);
  const headers = { 'webhook-id': 'evt-1', 'webhook-timestamp': String(seconds), 'webhook-signature': signature };
  assert.deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
});

test('the reference library signs the same text with the same key', () => {
  const ours = standardSignature(signatureKey(secret, 'standard'), 'evt-1', 1_767_225_600, utf8(body), hmac);
  assert.equal(ours, new Webhook(secret).sign('evt-1', new Date(1_767_225_600_000), body));
});

test('whsec_ is decoded for Standard Webhooks only', () => {
  assert.deepEqual(signatureKey('whsec_AAEC', 'standard'), Uint8Array.of(0, 1, 2));
  assert.deepEqual(signatureKey('whsec_AAECAw', 'standard'), Uint8Array.of(0, 1, 2, 3));
  assert.deepEqual(signatureKey('whsec_AAEC', 'plain'), utf8('whsec_AAEC'));
  assert.deepEqual(signatureKey('AAEC', 'standard'), utf8('AAEC'));
});

test('a secret that begins whsec_ without base64 behind it is used as its bytes, whole', () => {
  for (const text of ['whsec_test_secret', 'whsec_ä', 'whsec_A']) {
    assert.deepEqual(signatureKey(text, 'standard'), utf8(text));
  }
});

test('whsec_ alone is an empty key', () => {
  assert.equal(signatureKey('whsec_', 'standard').length, 0);
});

test('a hex signature is lower case behind its prefix', () => {
  const bare = hexSignature(utf8('k'), utf8('v'), hmac);
  assert.match(bare, /^[0-9a-f]{64}$/);
  assert.equal(hexSignature(utf8('k'), utf8('v'), hmac, 'sha256='), `sha256=${bare}`);
});
