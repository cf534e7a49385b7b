import assert from 'node:assert/strict';
import test from 'node:test';
import { toHex, utf8 } from '../core/signature/encoding.ts';
import { createMac } from './mac.ts';

const mac = createMac();

test('HMACs are those of RFC 4231 and RFC 2202', () => {
  const message = utf8('what do ya want for nothing?');
  const sha256 = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  assert.equal(toHex(mac.hmac('sha256', utf8('Jefe'), message)), sha256);
  assert.equal(toHex(mac.hmac('sha1', utf8('Jefe'), message)), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
});

test('a text is digested as its UTF-8 bytes', () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  assert.equal(toHex(mac.sha256('')), empty);
  assert.deepEqual(mac.sha256('né'), mac.sha256(utf8('né')));
});

test('bytes of unequal length are unequal, and comparing them is no error', () => {
  assert.equal(mac.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assert.equal(mac.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assert.equal(mac.equal(Uint8Array.of(1), Uint8Array.of(1, 2)), false);
});
