import assert from 'node:assert/strict';
import test from 'node:test';
import type { SourceType } from '../source.ts';
import type { Scheme } from './scheme.ts';
import { presetScheme } from './schemes.ts';
import { schemeWarnings } from './warnings.ts';

const LONG = 'a-secret-that-is-long-enough';

function warned(type: SourceType, scheme: Scheme, secret = LONG): string {
  return schemeWarnings({ type, scheme, secrets: scheme.type === 'none' ? [] : [secret] }).join(' ');
}

test('nothing is said of a source that is proved as well as its sender can', () => {
  assert.equal(warned('github', presetScheme('github')), '');
  assert.equal(warned('harbor', presetScheme('token')), '');
  assert.equal(warned('nexus', presetScheme('hmac-sha1')), '');
  assert.equal(schemeWarnings({ type: 'native', scheme: presetScheme('url'), secrets: [] }).length, 0);
});

test('it is said out loud that anyone can post where no proof is wanted', () => {
  assert.match(warned('generic', presetScheme('none')), /Anyone can post/);
});

test('SHA-1 and secrets that travel are warned about where the sender has something better', () => {
  assert.match(warned('github', presetScheme('hmac-sha1')), /SHA-1/);
  assert.match(warned('native', presetScheme('token')), /travels with each request/);
  assert.match(warned('native', presetScheme('basic'), `user:${LONG}`), /travels with each request/);
});

test('secrets under 16 bytes are warned about: what has to be guessed counts', () => {
  const short = /shorter than 16 bytes/;
  assert.match(warned('github', presetScheme('github'), '15-bytes-secret'), short);
  assert.doesNotMatch(warned('github', presetScheme('github'), '16-bytes--secret'), short);
  assert.match(warned('harbor', presetScheme('basic'), 'a-user-of-some-length:short'), short);
  const key = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  assert.match(warned('generic', presetScheme('standard-webhooks'), key(15)), short);
  assert.doesNotMatch(warned('generic', presetScheme('standard-webhooks'), key(16)), short);
});
