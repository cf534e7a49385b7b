import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readNative } from './native.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

function image(body: unknown, registry: string | null = null) {
  const reading = readNative(readerInput(body, { registry }));
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact?.kind === 'image.push');
  return [fact.registry, fact.repository, fact.tag, fact.digest];
}

test('the reference of our own payload is taken apart', () => {
  assert.deepEqual(readNative(readerInput(sample('native-push'))), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.push',
          registry: 'images.example.net:8443',
          repository: 'coast/lighthouse',
          tag: '2.4.0',
          digest: null,
          timeMs: null,
          timeSource: 'received',
          actor: null,
          origin: 'ci',
        },
        provenance: { kind: '/image', registry: '/image', repository: '/image', tag: '/image' },
      },
    ],
  });
});

test('a name without a host is at the registry of the source, else at Docker Hub', () => {
  assert.deepEqual(image({ image: 'app:v1' }), ['docker.io', 'library/app', 'v1', null]);
  assert.deepEqual(image({ image: 'app:v1' }, 'images.example'), ['images.example', 'app', 'v1', null]);
  assert.deepEqual(image({ image: 'ghcr.io/acme/app:v1' }, 'images.example'), ['ghcr.io', 'acme/app', 'v1', null]);
});

test('no tag means latest, but never beside a digest', () => {
  assert.deepEqual(image({ image: 'ghcr.io/acme/app' }), ['ghcr.io', 'acme/app', 'latest', null]);
  assert.deepEqual(image({ image: `ghcr.io/acme/app@${DIGEST}` }), ['ghcr.io', 'acme/app', null, DIGEST]);
});

test('a tag beside an image is the one that it leaves out, and may not contradict it', () => {
  const ghcr = 'ghcr.io/acme/app';
  assert.deepEqual(image({ image: ghcr, tag: '1.2' }), ['ghcr.io', 'acme/app', '1.2', null]);
  assert.deepEqual(image({ image: `${ghcr}:1.2`, tag: '1.2' }), ['ghcr.io', 'acme/app', '1.2', null]);
  assert.deepEqual(image({ image: `${ghcr}@${DIGEST}`, tag: '1.2' }), ['ghcr.io', 'acme/app', '1.2', DIGEST]);
  assert.deepEqual(image({ image: ghcr, tag: null }), ['ghcr.io', 'acme/app', 'latest', null]);
  assert.deepEqual(image({ image: `${ghcr}:1.2`, tag: '' }), ['ghcr.io', 'acme/app', '1.2', null]);
  const beside = readNative(readerInput({ image: ghcr, tag: '1.2' }));
  assert.ok(beside.kind === 'facts');
  assert.equal(beside.facts[0]?.provenance.tag, '/tag');
  for (const tag of ['1.3', 1.2, 'no tag']) {
    const reading = readNative(readerInput({ image: `${ghcr}${tag === '1.3' ? ':1.2' : ''}`, tag }));
    assert.equal(reading.kind, 'unreadable', `${tag}`);
  }
});

test('what the payload does not say has no pointer', () => {
  const reading = readNative(readerInput({ image: 'app' }));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts[0]?.provenance, { kind: '/image', repository: '/image' });
});

test('name and tag may stand apart', () => {
  assert.deepEqual(image({ name: 'ghcr.io/acme/app', tag: 'v1' }), ['ghcr.io', 'acme/app', 'v1', null]);
});

test('a payload that names no image says which field is wrong', () => {
  const pointerOf = (body: unknown) => {
    const reading = readNative(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf('nginx'), '');
  assert.equal(pointerOf({ tag: 'v1' }), '/image');
  assert.equal(pointerOf({ image: '' }), '/image');
  assert.equal(pointerOf({ image: 'a b' }), '/image');
  assert.equal(pointerOf({ image: 5, name: 'app', tag: 'v1' }), '/image');
  assert.equal(pointerOf({ name: 'app' }), '/tag');
  assert.equal(pointerOf({ name: 'app:v1', tag: 'v2' }), '/name');
  assert.equal(pointerOf({ image: `sha256:${'ab'.repeat(32)}` }), '/image');
  const numbered = readNative(readerInput({ name: 'app', tag: 110 }));
  assert.match(numbered.kind === 'unreadable' ? numbered.reason : '', /not a text/);
});
