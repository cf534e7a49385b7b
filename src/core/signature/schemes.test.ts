import assert from 'node:assert/strict';
import test from 'node:test';
import { PRESET_NAMES, presetScheme, resolveScheme, schemeName } from './schemes.ts';

test('every preset resolves to its own defaults when nothing else is said', () => {
  for (const type of PRESET_NAMES) {
    assert.deepEqual(resolveScheme({ type }), { kind: 'scheme', scheme: presetScheme(type) });
  }
});

test('hmac-sha256 means X-Hub-Signature-256, sha256= and hex', () => {
  assert.deepEqual(presetScheme('hmac-sha256'), {
    type: 'hmac',
    hash: 'sha256',
    encoding: 'hex',
    header: 'X-Hub-Signature-256',
    prefix: 'sha256=',
    covers: 'body',
  });
});

test('header, prefix and encoding of an HMAC can be chosen, the prefix also as none', () => {
  const choice = resolveScheme({ type: 'hmac-sha1', header: 'X-Sig', prefix: '', encoding: 'base64' });
  assert.deepEqual(choice, {
    kind: 'scheme',
    scheme: { type: 'hmac', hash: 'sha1', encoding: 'base64', header: 'X-Sig', prefix: '', covers: 'body' },
  });
});

test('a token can stand in another header', () => {
  assert.deepEqual(resolveScheme({ type: 'token', header: 'X-Gitlab-Token' }), {
    kind: 'scheme',
    scheme: { type: 'token', header: 'X-Gitlab-Token' },
  });
});

test('a wrong setting is refused with its pointer, never ignored', () => {
  const cases: [Parameters<typeof resolveScheme>[0], string, string][] = [
    [{ type: 'md5' }, '/type', 'unknown_type'],
    [{ type: 'constructor' }, '/type', 'unknown_type'],
    [{ type: 'token', prefix: 'Bearer ' }, '/prefix', 'not_applicable'],
    [{ type: 'url', header: 'X' }, '/header', 'not_applicable'],
    [{ type: 'github', encoding: 'base64' }, '/encoding', 'not_applicable'],
    [{ type: 'hmac-sha256', header: 'X Sig' }, '/header', 'malformed'],
    [{ type: 'hmac-sha256', header: '' }, '/header', 'malformed'],
    [{ type: 'hmac-sha256', prefix: 'a\n' }, '/prefix', 'malformed'],
    [{ type: 'hmac-sha256', encoding: 'base64url' }, '/encoding', 'malformed'],
    [{ type: 'standard-webhooks', header: 'X-Sig' }, '/header', 'malformed'],
  ];
  for (const [input, pointer, reason] of cases) {
    assert.deepEqual(resolveScheme(input), { kind: 'refused', pointer, reason }, JSON.stringify(input));
  }
});

test('a verdict names the hash of an HMAC', () => {
  assert.equal(schemeName(presetScheme('hmac-sha1')), 'hmac-sha1');
  assert.equal(schemeName(presetScheme('github')), 'hmac-sha256');
  assert.equal(schemeName(presetScheme('url')), 'url');
});
