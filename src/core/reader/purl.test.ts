import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readPurl } from './purl.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const ENCODED = DIGEST.replace(':', '%3A');
const AT = '/subject/id';

function image(purl: string, registry: string | null = null) {
  const read = readPurl({ value: purl, pointer: AT }, registry);
  return read && [read.registry, read.repository, read.tag, read.digest].map((field) => field?.value ?? null);
}

test('an oci image is where its repository_url says, of its digest and tag', () => {
  const url = (text: string) => `pkg:oci/api@${ENCODED}?arch=amd64&repository_url=${text}&tag=v1`;
  const there = ['r.example:5000', 'acme/api', 'v1', DIGEST];
  assert.deepEqual(image(url('r.example:5000/acme/api')), there);
  assert.deepEqual(image(url('https%3A%2F%2FR.example%3A5000%2FAcme%2FApi%2F')), there);
  assert.deepEqual(image(url('r.example:5000/acme')), there);
  assert.deepEqual(image(`pkg:oci/api@${DIGEST}?repository_url=ghcr.io/api`), ['ghcr.io', 'api', null, DIGEST]);
});

test('an oci image without a registry is in that of the source, or in one unknown', () => {
  assert.deepEqual(image(`pkg:oci/api@${ENCODED}`), [null, 'api', null, DIGEST]);
  assert.deepEqual(image(`pkg:oci/api@${ENCODED}`, 'r.example'), ['r.example', 'api', null, DIGEST]);
});

test('a docker image is on Docker Hub unless it says otherwise, and its version may be a tag', () => {
  assert.deepEqual(image('pkg:docker/cassandra@latest'), ['docker.io', 'library/cassandra', 'latest', null]);
  assert.deepEqual(image('pkg:docker/acme/api@v1?repository_url=hub.docker.com'), [
    'docker.io',
    'acme/api',
    'v1',
    null,
  ]);
  assert.deepEqual(image(`pkg:docker/acme/api@${ENCODED}?repository_url=gcr.io`), ['gcr.io', 'acme/api', null, DIGEST]);
  assert.deepEqual(image(`pkg:docker/gcr.io/acme/api@v1?digest=${ENCODED}`), ['gcr.io', 'acme/api', 'v1', DIGEST]);
});

test('what the source or the type implies has no pointer', () => {
  const implied = readPurl({ value: 'pkg:docker/api@v1', pointer: AT }, null);
  assert.deepEqual([implied?.registry?.pointer, implied?.repository.pointer, implied?.tag?.pointer], [null, AT, AT]);
  const said = readPurl({ value: 'pkg:docker/api@v1?repository_url=gcr.io', pointer: AT }, null);
  assert.equal(said?.registry?.pointer, AT);
});

test('a digest of another length or case is none, and never a tag', () => {
  for (const version of ['sha256%3A0123', ENCODED.toUpperCase(), 'sha512%3Aab']) {
    assert.deepEqual(image(`pkg:oci/api@${version}?tag=v1`), [null, 'api', 'v1', null]);
    assert.deepEqual(image(`pkg:oci/api@${version}`), [null, 'api', null, null]);
  }
});

test('packages of other kinds, and what is no package URL, are no images', () => {
  const others = [
    'pkg:golang/example.com/acme/api@v1',
    'pkg:ocix/api@v1',
    'pkg:oci/',
    'oci/api@v1',
    '',
    'pkg:oci/a%20b@v1',
  ];
  for (const purl of others) assert.equal(image(purl), null, purl);
});

test('no text makes it throw', () => {
  const part = fc.oneof(
    fc.constantFrom('pkg:', 'oci/', 'docker/', '@', '?', '&', '=', '%', '/', '#', DIGEST),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => void image(parts.join(''))),
    { numRuns: 300 },
  );
});
