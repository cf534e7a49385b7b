import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readQuay } from './quay.ts';

function read(body: object, registry: string | null = null) {
  return readQuay(readerInput(body, { registry }));
}

function images(reading: ReturnType<typeof readQuay>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts.map(({ fact }) => {
    assert.ok('digest' in fact);
    return fact;
  });
}

test('every updated tag is a push, without time and digest', () => {
  const reading = readQuay(readerInput(sample('quay-push')));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(
    images(reading).map(({ tag }) => tag),
    ['2.4.0', 'latest'],
  );
  assert.deepEqual(reading.facts[1], {
    fact: {
      kind: 'image.push',
      registry: 'quay.example.net',
      repository: 'coast/lighthouse',
      tag: 'latest',
      digest: null,
      timeMs: null,
      timeSource: 'received',
      actor: null,
      origin: 'user',
    },
    provenance: {
      kind: '/updated_tags',
      registry: '/docker_url',
      repository: '/repository',
      tag: '/updated_tags/1',
    },
  });
});

test('the old form, an object with tags as names, says the same', () => {
  const reading = read({ repository: 'coast/buoy', updated_tags: { 'v1.0': 'abcdef0123456789', '': 'x', 'a/b': 'y' } });
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(
    reading.facts.map(({ fact, provenance }) => ['tag' in fact && fact.tag, provenance.tag]),
    [['v1.0', '/updated_tags/v1.0']],
  );
});

test('the registry is that of the pull address, else the one configured, else quay.io', () => {
  const push = { repository: 'coast/buoy', updated_tags: ['v1'] };
  const registryOf = (body: object, registry: string | null) => images(read(body, registry))[0]?.registry;
  assert.equal(registryOf({ ...push, docker_url: 'https://quay.example/coast/buoy' }, 'set.example'), 'quay.example');
  assert.equal(registryOf(push, 'set.example'), 'set.example');
  assert.equal(registryOf(push, null), 'quay.io');
});

test('the repository is found in the pull address or in parts, too', () => {
  const repositoryOf = (body: object) => images(read({ ...body, updated_tags: ['v1'] }))[0]?.repository;
  assert.equal(repositoryOf({ docker_url: 'quay.io/coast/Buoy' }), 'coast/buoy');
  assert.equal(repositoryOf({ namespace: 'coast', name: 'buoy' }), 'coast/buoy');
});

test('builds, mirrors and vulnerabilities name no updated tags and are ignored', () => {
  assert.equal(read({ repository: 'coast/buoy', build_id: 'b', docker_tags: ['v1'] }).kind, 'ignored');
  assert.equal(read({ repository: 'coast/buoy', tags: ['v1'], vulnerability: { id: 'CVE-0' } }).kind, 'ignored');
  assert.equal(read({ repository: 'coast/buoy', updated_tags: [] }).kind, 'ignored');
  assert.equal(read({ repository: 'coast/buoy', updated_tags: ['', 7, null] }).kind, 'ignored');
});

test('what is not a Quay payload is unreadable, with the field at fault', () => {
  const pointerOf = (body: unknown) => {
    const reading = readQuay(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf([]), '');
  assert.equal(pointerOf({ updated_tags: ['v1'] }), '/repository');
  for (const updated_tags of [null, 'v1', Array(1001).fill('v1')]) {
    assert.equal(pointerOf({ repository: 'coast/buoy', updated_tags }), '/updated_tags');
  }
});
