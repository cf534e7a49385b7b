import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readHarbor } from './harbor.ts';

const ONE = `sha256:${'1'.repeat(64)}`;
const TWO = `sha256:${'2'.repeat(64)}`;

function push(resources: unknown, more: { type?: string; operator?: unknown; registry?: string; name?: string } = {}) {
  const { type = 'PUSH_ARTIFACT', operator = 'keeper', registry = null, name = 'coast/buoy' } = more;
  const body = { type, operator, event_data: { resources, repository: { repo_full_name: name } } };
  return readHarbor(readerInput(body, { registry }));
}

function images(reading: ReturnType<typeof readHarbor>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts.map(({ fact }) => {
    assert.ok('digest' in fact);
    return fact;
  });
}

test('every resource of a push is read, with its pointers', () => {
  const reading = readHarbor(readerInput(sample('harbor-push')));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(
    images(reading).map(({ tag, digest }) => [tag, digest]),
    [
      ['2.4.0', ONE],
      [null, TWO],
    ],
  );
  assert.deepEqual(reading.facts[0], {
    fact: {
      kind: 'image.push',
      registry: 'images.example.net:8443',
      repository: 'coast/lighthouse',
      tag: '2.4.0',
      digest: ONE,
      timeMs: 1_767_225_600_000,
      timeSource: 'occur_at (unix s)',
      actor: 'keeper',
      origin: 'user',
    },
    provenance: {
      kind: '/type',
      registry: '/event_data/resources/0/resource_url',
      repository: '/event_data/repository/repo_full_name',
      tag: '/event_data/resources/0/tag',
      digest: '/event_data/resources/0/digest',
      time: '/occur_at',
      actor: '/operator',
      origin: '/operator',
    },
  });
});

test('the CloudEvents format says the same in other places', () => {
  const reading = readHarbor(readerInput(sample('harbor-push-cloudevents')));
  assert.ok(reading.kind === 'facts');
  const [fact] = images(reading);
  assert.equal(fact?.timeMs, 1_767_225_600_000);
  assert.equal(fact?.timeSource, 'time (iso)');
  assert.equal(fact?.origin, 'ci');
  assert.equal(reading.facts[0]?.provenance.tag, '/data/resources/0/tag');
});

test('a digest in the place of the tag is the digest', () => {
  assert.deepEqual(
    images(push([{ tag: ONE }])).map(({ tag, digest }) => [tag, digest]),
    [[null, ONE]],
  );
});

test('the registry is the host of the pull address, else the one configured', () => {
  const registryOf = (resource_url: unknown) =>
    images(push([{ tag: 'v1', resource_url }], { registry: 'conf.example' }))[0]?.registry;
  assert.equal(registryOf('localhost/coast/buoy:v1'), 'localhost');
  assert.equal(registryOf('Images.Example:5000/coast/buoy:v1'), 'images.example:5000');
  assert.equal(registryOf('[fd00::1]:5000/coast/buoy:v1'), '[fd00::1]:5000');
  assert.equal(registryOf('https://images.example/coast/buoy:v1'), 'images.example');
  assert.equal(registryOf('images.example/coast/buoy@sha256:cut'), 'images.example');
  for (const url of [undefined, '', '/coast/buoy', 'ex ample/coast', 7]) assert.equal(registryOf(url), 'conf.example');
  assert.equal(images(push([{ tag: 'v1' }]))[0]?.registry, null);
});

test('the repository is found without repo_full_name, too', () => {
  const read = (repository: object, resource: object) =>
    images(
      readHarbor(
        readerInput({ type: 'pushImage', event_data: { resources: [{ tag: 'v1', ...resource }], repository } }),
      ),
    )[0]?.repository;
  assert.equal(read({}, { resource_url: 'images.example/a/b/c:v1' }), 'a/b/c');
  assert.equal(read({ namespace: 'a', name: 'b/c' }, {}), 'a/b/c');
});

test('who pushed tells a person from a pipeline, a cache, a replication and a scanner', () => {
  const originOf = (operator: unknown) => images(push([{ tag: 'v1' }], { operator }))[0]?.origin;
  assert.equal(originOf('keeper'), 'user');
  assert.equal(originOf(undefined), 'user');
  assert.equal(originOf('robot$coast+builder'), 'ci');
  assert.equal(originOf('robot$coast+x-Trivy-1'), 'scanner');
  assert.equal(originOf('harbor#proxy-cache-service'), 'proxy-cache');
  assert.equal(originOf('harbor-jobservice'), 'replication');
});

test('deleting is no pushing, under every name Harbor has for it', () => {
  for (const type of ['DELETE_ARTIFACT', 'deleteImage', 'harbor.artifact.deleted']) {
    assert.equal(images(push([{ tag: 'v1' }], { type }))[0]?.kind, 'image.delete');
  }
});

test('pulls, scans, quotas, replications and unknown events are ignored, with or without resources', () => {
  for (const type of [
    'PULL_ARTIFACT',
    'SCANNING_FAILED',
    'QUOTA_EXCEED',
    'REPLICATION',
    'TAG_RETENTION',
    'NEW_THING',
  ]) {
    assert.equal(push([{ tag: 'v1' }], { type }).kind, 'ignored', type);
    assert.equal(readHarbor(readerInput({ type })).kind, 'ignored', type);
  }
});

test('resources that name nothing are passed over, and a push of nothing else is ignored', () => {
  assert.equal(images(push([{}, null, 7, { tag: 'v1' }])).length, 1);
  assert.equal(push([{}]).kind, 'ignored');
  assert.equal(push([]).kind, 'ignored');
});

test('resources whose repository nobody names are passed over by their number', () => {
  const resources = [{ tag: 'v1' }, { tag: 'v2', resource_url: 'images.example/coast/buoy:v2' }];
  const reading = push(resources, { name: '' });
  assert.deepEqual(
    images(reading).map(({ tag }) => tag),
    ['v2'],
  );
  assert.equal(reading.kind === 'facts' && reading.skipped, 1);
});

test('what is not a Harbor payload is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readHarbor>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readHarbor(readerInput('x'))), '');
  assert.equal(pointerOf(readHarbor(readerInput({}))), '/type');
  assert.equal(pointerOf(push(undefined)), '/event_data/resources');
  assert.equal(pointerOf(push(Array(1001).fill({ tag: 'v1' }))), '/event_data/resources');
  assert.equal(pointerOf(push([{ tag: 'v1' }], { name: 'a b' })), '/event_data/repository/repo_full_name');
  assert.equal(images(push(Array(1000).fill({ tag: 'v1' }))).length, 1000);
});
