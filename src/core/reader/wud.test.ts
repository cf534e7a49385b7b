import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readWud } from './wud.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;

function container(url: unknown, more: object = {}) {
  return { image: { registry: { url }, name: 'buoy', tag: { value: 'v1' } }, result: { tag: 'v2' }, ...more };
}

function images(body: unknown, registry: string | null = null) {
  const reading = readWud(readerInput(body, { registry }));
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts.map(({ fact }) => {
    assert.ok('digest' in fact);
    return fact;
  });
}

test('what is available is the result, not what runs, and when it was built is not when it was found', () => {
  assert.deepEqual(readWud(readerInput(sample('wud-update'))), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.available',
          registry: 'docker.io',
          repository: 'coast/lighthouse',
          tag: '2.4.0',
          digest: DIGEST,
          timeMs: null,
          timeSource: 'received',
          actor: null,
          origin: 'user',
        },
        provenance: {
          kind: '/result',
          registry: '/image/registry/url',
          repository: '/image/name',
          tag: '/result/tag',
          digest: '/result/digest',
        },
      },
    ],
  });
});

test('a batch is a list of containers, and those without an update are passed over', () => {
  const reading = readWud(readerInput(sample('wud-batch')));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(
    reading.facts.map(({ provenance }) => provenance.tag),
    ['/0/result/tag'],
  );
  assert.equal(readWud(readerInput([container('ghcr.io', { updateAvailable: false })])).kind, 'ignored');
  assert.equal(readWud(readerInput([])).kind, 'ignored');
});

test('of a batch, what can be read is read, and the others are told by their number', () => {
  const nameless = { image: { name: '' }, result: { tag: 'v2' } };
  const reading = readWud(readerInput([7, container('ghcr.io'), nameless]));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual([reading.facts.length, reading.facts[0]?.provenance.tag, reading.skipped], [1, '/1/result/tag', 2]);
});

test('the registry is a host, with or without scheme and path, else the one configured', () => {
  const placeOf = (url: unknown, registry: string | null = null) => {
    const [read] = images(container(url), registry);
    return [read?.registry, read?.repository];
  };
  assert.deepEqual(placeOf('https://ghcr.io/v2'), ['ghcr.io', 'buoy']);
  assert.deepEqual(placeOf('images.example:5000'), ['images.example:5000', 'buoy']);
  assert.deepEqual(placeOf('https://registry-1.docker.io/v2'), ['docker.io', 'library/buoy']);
  assert.deepEqual(placeOf('docker.io'), ['docker.io', 'library/buoy']);
  assert.deepEqual(placeOf('unknown', 'set.example'), ['set.example', 'buoy']);
  assert.deepEqual(placeOf(undefined), [null, 'buoy']);
});

test('a container without a result, or with one that names nothing, has no update', () => {
  for (const result of [undefined, null, {}, { tag: '', digest: 'sha256:cut' }]) {
    assert.equal(readWud(readerInput(container('ghcr.io', { result }))).kind, 'ignored');
  }
});

test('what is not a container is unreadable, with the field at fault', () => {
  const pointerOf = (body: unknown) => {
    const reading = readWud(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf('x'), '/image');
  assert.equal(pointerOf([7]), '/0/image');
  assert.equal(pointerOf({ image: { name: 'a b' }, result: { tag: 'v2' } }), '/image/name');
  assert.equal(pointerOf(Array(1001).fill(container('ghcr.io'))), '');
});
