import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presetScheme, type Scheme } from './signature/schemes.ts';
import type { SourceType } from './source.ts';
import { completeSource, type SourceInput } from './source-input.ts';
import { type ReferredSecret, sourceWarnings } from './source-warnings.ts';

const LONG = 'a-secret-that-is-long-enough';

function warned(input: SourceInput, referred: ReferredSecret | null = null): string[] {
  const completed = completeSource(input, { secret: () => LONG, urlKey: () => '' });
  assert.ok(completed.kind === 'config');
  return sourceWarnings(completed.config, referred);
}

test('a sender that does not say which registry it is needs one named, for charts at least', () => {
  for (const [type, words] of [
    ['nexus', /^Nexus does not say which registry an image is in.*`registry`\.$/],
    ['acr', /a chart is in/],
    ['zot', /^Older versions/],
  ] as const) {
    const [warning = '', ...more] = warned({ type });
    assert.match(warning, words);
    assert.deepEqual([more, warned({ type, registry: 'registry.example.com' })], [[], []]);
  }
});

test('nothing is said of those that say it', () => {
  for (const type of ['harbor', 'github', 'dockerhub', 'native', 'distribution'])
    assert.deepEqual(warned({ type }), []);
});

test('a mapping to what looks like a host is told of', () => {
  const [warning = '', ...more] = warned({ type: 'generic', mapping: { image: '$.image', registry: 'ghcr.io' } });
  assert.match(warning, /looked for at `\$\.ghcr\.io`/);
  assert.deepEqual(more, []);
});

test('a secret that cannot be read comes first, with its place and why', () => {
  const secretRef = 'env:HOOKYARD_SECRET_A';
  const warnings = warned({ type: 'nexus', secretRef }, { kind: 'missing', reason: 'it is empty' });
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /^The secret cannot be read from env:HOOKYARD_SECRET_A \(it is empty\): /);
});

test('a short secret that stands elsewhere is warned of by its length', () => {
  const source = { type: 'native', secretRef: 'env:HOOKYARD_SECRET_A' };
  const [warning = '', ...more] = warned(source, { kind: 'found', keyBytes: 15 });
  assert.match(warning, /`secretRef` says is shorter than 16 bytes/);
  assert.deepEqual([more, warned(source, { kind: 'found', keyBytes: 16 })], [[], []]);
});

/** Of how a source is proved, whatever its type proposes. */
function warnedOfProof(type: SourceType, scheme: Scheme, secret = LONG): string {
  const completed = completeSource({ type }, { secret: () => LONG, urlKey: () => '' });
  assert.ok(completed.kind === 'config');
  const secrets = scheme.type === 'none' || scheme.type === 'url' ? [] : [secret];
  // Named, so that nothing is said of that.
  return sourceWarnings({ ...completed.config, scheme, secrets, registry: 'registry.example.com' }, null).join(' ');
}

test('nothing is said of a source that is proved as well as its sender can', () => {
  assert.equal(warnedOfProof('github', presetScheme('github')), '');
  assert.equal(warnedOfProof('harbor', presetScheme('token')), '');
  assert.equal(warnedOfProof('nexus', presetScheme('hmac-sha1')), '');
  assert.equal(warnedOfProof('native', presetScheme('url')), '');
});

test('it is said out loud that anyone can post where no proof is wanted', () => {
  assert.match(warnedOfProof('generic', presetScheme('none')), /Anyone can post/);
});

test('SHA-1 and secrets that travel are warned about where the sender has something better', () => {
  assert.match(warnedOfProof('github', presetScheme('hmac-sha1')), /SHA-1/);
  assert.match(warnedOfProof('native', presetScheme('token')), /travels with each request/);
  assert.match(warnedOfProof('native', presetScheme('basic'), `user:${LONG}`), /travels with each request/);
});

test('secrets under 16 bytes are warned about: what has to be guessed counts', () => {
  const short = /shorter than 16 bytes/;
  assert.match(warnedOfProof('github', presetScheme('github'), '15-bytes-secret'), short);
  assert.doesNotMatch(warnedOfProof('github', presetScheme('github'), '16-bytes--secret'), short);
  assert.match(warnedOfProof('harbor', presetScheme('basic'), 'a-user-of-some-length:short'), short);
  const key = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  assert.match(warnedOfProof('generic', presetScheme('standard-webhooks'), key(15)), short);
  assert.doesNotMatch(warnedOfProof('generic', presetScheme('standard-webhooks'), key(16)), short);
});

test('a token that no header can hold is told of, and a secret that no library loads', () => {
  const token = presetScheme('token');
  for (const secret of [`${LONG}\n`, `${LONG} `, ` ${LONG}`, `${LONG}\u0000${LONG}`])
    assert.match(warnedOfProof('harbor', token, secret), /never matches/, JSON.stringify(secret));
  for (const secret of [LONG, `Bearer ${LONG}`, `${LONG}\t${LONG}`, `${LONG}é`])
    assert.equal(warnedOfProof('harbor', token, secret), '', secret);
  assert.equal(warnedOfProof('native', presetScheme('hmac-sha256'), `${LONG}\n`), '');
  const standard = presetScheme('standard-webhooks');
  assert.match(warnedOfProof('native', standard, `whsec_${LONG}`), /^After whsec_ comes the key in base64/);
  assert.equal(warnedOfProof('native', standard, `whsec_${'A'.repeat(32)}`), '');
});
