import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readAcr } from './acr.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const TARGET = { repository: 'coast/buoy', tag: 'v1', digest: DIGEST };

function read(body: unknown, registry: string | null = null) {
  return readAcr(readerInput(body, { registry }));
}

function image(reading: ReturnType<typeof readAcr>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a push says host, repository, tag, digest and time, whatever digits its fraction has', () => {
  const reading = read(sample('acr-push'));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts, [
    {
      fact: {
        kind: 'image.push',
        registry: 'coastline.azurecr.io',
        repository: 'coast/lighthouse',
        tag: '2.4.0',
        digest: DIGEST,
        timeMs: 1_767_225_600_123,
        timeSource: 'timestamp (iso)',
        actor: null,
        origin: 'user',
      },
      provenance: {
        kind: '/action',
        registry: '/request/host',
        repository: '/target/repository',
        tag: '/target/tag',
        digest: '/target/digest',
        time: '/timestamp',
      },
    },
  ]);
});

test('a chart is no image, and its host is the one configured', () => {
  const chart = image(read(sample('acr-chart-push'), 'coastline.azurecr.io'));
  assert.deepEqual(
    [chart.kind, chart.registry, chart.tag],
    ['chart.push', 'coastline.azurecr.io', 'lighthouse-0.3.0.tgz'],
  );
  assert.equal(image(read(sample('acr-chart-push'))).registry, null);
});

test('a deletion counts even if it names neither a tag nor a digest; a push does not', () => {
  const target = { repository: 'coast/buoy', digest: 'sha256:xxxx' };
  const deleted = image(read({ action: 'delete', target }));
  assert.deepEqual([deleted.kind, deleted.tag, deleted.digest], ['image.delete', null, null]);
  assert.equal(read({ action: 'push', target }).kind, 'ignored');
});

test('quarantined images, deleted charts and artifacts that are no images are ignored', () => {
  for (const action of ['quarantine', 'chart_delete', 'PUSH', 'pull']) {
    assert.equal(read({ action, target: TARGET }).kind, 'ignored', action);
  }
  const mediaType = 'application/vnd.oci.artifact.manifest.v1+json';
  for (const action of ['push', 'delete']) {
    assert.equal(read({ action, target: { ...TARGET, mediaType } }).kind, 'ignored', action);
  }
});

test('a ping is a test of the connection', () => {
  const reading = read({ id: 'x', action: 'ping', target: null });
  assert.deepEqual(reading, {
    kind: 'handshake',
    reason: 'Azure tests the connection.',
    facts: [{ fact: { kind: 'ping', repository: null }, provenance: { kind: '/action' } }],
    echo: null,
  });
});

test('what is no event of the registry is unreadable, with the field at fault', () => {
  const pointerOf = (body: unknown) => {
    const reading = read(body);
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf([]), '');
  assert.equal(pointerOf({ target: TARGET }), '/action');
  assert.equal(pointerOf({ action: 'push' }), '/target/repository');
  assert.equal(pointerOf({ action: 'push', target: { ...TARGET, repository: 'a b' } }), '/target/repository');
});
