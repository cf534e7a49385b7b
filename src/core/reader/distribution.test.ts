import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readDistribution } from './distribution.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

interface Changes {
  action?: unknown;
  target?: object;
  more?: object;
  registry?: string;
}

function read({ action = 'push', target = {}, more = {}, registry }: Changes = {}) {
  const whole = { mediaType: MANIFEST, repository: 'coast/buoy', tag: 'v1', digest: DIGEST, ...target };
  const body = { events: [{ action, target: whole, ...more }] };
  return readDistribution(readerInput(body, { registry: registry ?? null }));
}

function images(reading: ReturnType<typeof readDistribution>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts.map(({ fact }) => {
    assert.ok('digest' in fact);
    return fact;
  });
}

test('every manifest of an envelope is an image, every layer is none, and a chart is a chart', () => {
  const reading = readDistribution(readerInput(sample('distribution-push')));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(
    images(reading).map(({ kind, tag, digest }) => [kind, tag, digest?.at(-1)]),
    [
      ['image.push', null, '1'],
      ['image.push', '2.4.0', '2'],
      ['chart.push', '0.3.0', '3'],
    ],
  );
  assert.deepEqual(reading.facts[1], {
    fact: {
      kind: 'image.push',
      registry: 'images.example.net:8443',
      repository: 'coast/lighthouse',
      tag: '2.4.0',
      digest: `sha256:${'2'.repeat(64)}`,
      timeMs: 1_767_225_600_123,
      timeSource: 'events.2.timestamp (iso)',
      actor: 'keeper',
      origin: 'user',
    },
    provenance: {
      kind: '/events/2/action',
      registry: '/events/2/request/host',
      repository: '/events/2/target/repository',
      tag: '/events/2/target/tag',
      digest: '/events/2/target/digest',
      time: '/events/2/timestamp',
      actor: '/events/2/actor/name',
    },
  });
});

test('tags and manifests that are deleted are deletions, though they have no media type', () => {
  assert.deepEqual(
    images(readDistribution(readerInput(sample('distribution-delete')))).map(({ kind, tag, digest }) => [
      kind,
      tag,
      digest?.at(-1) ?? null,
    ]),
    [
      ['image.delete', '2.3.0', null],
      ['image.delete', null, '5'],
    ],
  );
});

test('the host the client asked for counts, then the address of the manifest, the configuration and the node', () => {
  const request = { host: 'asked.example:5000' };
  const source = { addr: 'node.example:5000' };
  const target = { url: 'https://shown.example/v2/coast/buoy/manifests/x' };
  const registryOf = (changes: Changes) => images(read(changes))[0]?.registry;
  assert.equal(registryOf({ more: { request, source }, target, registry: 'set.example' }), 'asked.example:5000');
  assert.equal(registryOf({ more: { source }, target, registry: 'set.example' }), 'shown.example');
  assert.equal(registryOf({ more: { source }, registry: 'set.example' }), 'set.example');
  assert.equal(registryOf({ more: { source } }), 'node.example:5000');
  assert.equal(registryOf({ more: { source: { addr: 'node.example:port' } } }), null);
  assert.equal(registryOf({ target: { url: '/v2/coast/buoy/manifests/x' } }), null);
});

test('pulls, mounts, renames, layers and deleted repositories are no pushes', () => {
  for (const action of ['pull', 'mount', 'rename', 'PUSH', 7, undefined]) {
    assert.equal(readDistribution(readerInput({ events: [{ action, target: { tag: 'v1' } }] })).kind, 'ignored');
  }
  assert.equal(read({ target: { mediaType: 'application/octet-stream' } }).kind, 'ignored');
  assert.equal(
    read({ action: 'delete', target: { mediaType: undefined, tag: undefined, digest: '' } }).kind,
    'ignored',
  );
  assert.equal(readDistribution(readerInput({ events: [] })).kind, 'ignored');
});

test('without a media type, only a tag shows that a manifest was pushed', () => {
  assert.equal(images(read({ target: { mediaType: undefined } }))[0]?.tag, 'v1');
  assert.equal(read({ target: { mediaType: undefined, tag: undefined } }).kind, 'ignored');
});

test('of an envelope, what can be read is read, and the others are told by their number', () => {
  const event = (repository: string) => ({ action: 'push', target: { mediaType: MANIFEST, repository, tag: 'v1' } });
  const reading = readDistribution(readerInput({ events: [event('a b'), event('coast/buoy'), event('')] }));
  assert.deepEqual(
    images(reading).map(({ repository }) => repository),
    ['coast/buoy'],
  );
  assert.equal(reading.kind === 'facts' && reading.skipped, 2);
  assert.equal(readDistribution(readerInput({ events: [event('')] })).kind, 'unreadable');
});

test('what is not an envelope of events is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readDistribution>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readDistribution(readerInput(null))), '');
  assert.equal(pointerOf(readDistribution(readerInput({ events: {} }))), '/events');
  assert.equal(pointerOf(readDistribution(readerInput({ events: Array(1001).fill({}) }))), '/events');
  assert.equal(pointerOf(read({ target: { repository: 'a b' } })), '/events/0/target/repository');
});
