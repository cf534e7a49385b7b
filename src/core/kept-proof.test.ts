import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REDACTED } from './header.ts';
import { keptProof, keptProofBytes, provedRequest, readKeptProof } from './kept-proof.ts';
import { presetScheme } from './signature/schemes.ts';
import { GROUPS } from './signature/usual-headers.ts';

const github = presetScheme('github');
const body = new Uint8Array([1, 2]);

test('what the scheme reads is kept, with what other schemes read and signatures under other names, and nothing else', () => {
  const came = [
    ['X-Hub-Signature-256', 'sha256=1'],
    ['x-hub-signature-256', 'sha256=2'],
    ['X-Hub-Signature', 'sha1=3'],
    ['Authorization', 'Bearer s3cret'],
    ['X-Own-Signature', '4'],
    ['x-slack-request-timestamp', '5'],
    ['Cookie', 'a=b'],
    ['X-Custom', 'c'],
  ] as const;
  const kept = keptProof(github, came, false);
  assert.deepEqual(kept, { headers: came.slice(0, 6), secretUrl: false });
});

test('whatever header the doctor can name in place of a missing one is kept, so that its advice can be tried', () => {
  for (const name of GROUPS.flat()) {
    const kept = keptProof(presetScheme('none'), [[name.toLowerCase(), 'proof']], false);
    assert.equal(kept?.headers.length, 1, name);
  }
});

test('what another scheme would read does not crowd out what this one reads', () => {
  const own = ['X-Hub-Signature-256', 'sha256=1'] as const;
  const kept = keptProof(github, [own, ['Authorization', 'a'.repeat(16_384)]], false);
  assert.deepEqual(kept?.headers, [own]);
});

test('more than a sender needs is not kept', () => {
  assert.equal(keptProof(github, [['X-Hub-Signature-256', 'a'.repeat(16_384)]], false), null);
});

test('the request can be judged again as it came: repeated headers stay repeated', () => {
  const kept = keptProof(
    github,
    [
      ['X-Hub-Signature-256', 'a'],
      ['X-Hub-Signature-256', 'b'],
    ],
    true,
  );
  assert.ok(kept !== null);
  const headers = { 'x-hub-signature-256': REDACTED, 'content-type': 'application/json' };
  const request = provedRequest(readKeptProof(keptProofBytes(kept)), { headers, body }, github);
  assert.deepEqual(request?.headers('x-hub-signature-256'), ['a', 'b']);
  assert.deepEqual(request?.headers('Content-Type'), ['application/json']);
  assert.deepEqual(request?.headers('x-other'), []);
  assert.deepEqual([request?.secretUrl, request?.body], [true, body]);
});

test('under a scheme that reads what was not kept it cannot be judged', () => {
  const kept = keptProof(github, [], false);
  assert.ok(kept !== null);
  const was = { authorization: REDACTED };
  assert.equal(provedRequest(kept, { headers: was, body }, presetScheme('token')), null);
  assert.notEqual(provedRequest(kept, { headers: {}, body }, presetScheme('token')), null);
});
