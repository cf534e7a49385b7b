import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readArtifactory } from './artifactory.ts';

const SUM = '1'.repeat(64);
const DATA = { repo_key: 'docker-local', image_name: 'coast/buoy', tag: 'v1', sha256: SUM };

function read(data: object, more: object = {}, registry: string | null = null) {
  return readArtifactory(
    readerInput({ domain: 'docker', event_type: 'pushed', data: { ...DATA, ...data }, ...more }, { registry }),
  );
}

function image(reading: ReturnType<typeof readArtifactory>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a push is below the key of its repository, with the path that its name leaves out and no time', () => {
  const reading = readArtifactory(readerInput(sample('artifactory-push')));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts, [
    {
      fact: {
        kind: 'image.push',
        registry: 'coast.jfrog.example',
        repository: 'docker-local/coast/lighthouse',
        tag: '2.4.0',
        digest: `sha256:${SUM}`,
        timeMs: null,
        timeSource: 'received',
        actor: null,
        origin: 'user',
      },
      provenance: {
        kind: '/event_type',
        registry: '/jpd_origin',
        repository: '/data',
        tag: '/data/tag',
        digest: '/data/sha256',
      },
    },
  ]);
});

test('the configured host counts before what Artifactory calls itself', () => {
  const jpd_origin = 'http://artifactory.internal:8082/artifactory';
  assert.equal(image(read({}, { jpd_origin }, 'set.example')).registry, 'set.example');
  assert.equal(image(read({}, { jpd_origin })).registry, 'artifactory.internal:8082');
  for (const nothing of ['', undefined, 7]) {
    assert.equal(image(read({}, { jpd_origin: nothing })).registry, null);
  }
});

test('a configured host that begins with the key of the repository has it not in the path', () => {
  const repositoryIn = (registry: string | null) => image(read({}, {}, registry)).repository;
  assert.equal(repositoryIn('docker-local.jfrog.example'), 'coast/buoy');
  assert.equal(image(read({ repo_key: 'Docker' }, {}, 'docker.jfrog.example')).repository, 'coast/buoy');
  assert.equal(repositoryIn('docker-locals.jfrog.example'), 'docker-local/coast/buoy');
  assert.equal(repositoryIn('jfrog.example:8443'), 'docker-local/coast/buoy');
  assert.equal(repositoryIn(null), 'docker-local/coast/buoy');
});

test('the path of the manifest says more than the name of the image, where it is one', () => {
  const repositoryAt = (path: unknown) => image(read({ path, image_name: 'buoy' })).repository;
  assert.equal(repositoryAt('a/b/buoy/v1/list.manifest.json'), 'docker-local/a/b/buoy');
  assert.equal(repositoryAt('buoy/v1/manifest.json'), 'docker-local/buoy');
  for (const path of ['path/sample.txt', 'v1/manifest.json', '', 7]) {
    assert.equal(repositoryAt(path), 'docker-local/buoy');
  }
});

test('a digest is never a tag, in the words of Artifactory either', () => {
  for (const tag of [`sha256__${SUM}`, `sha256:${SUM}`, '']) {
    const pushed = image(read({ tag }));
    assert.deepEqual([pushed.tag, pushed.digest], [null, `sha256:${SUM}`]);
  }
  assert.equal(image(read({ sha256: 'sample_checksum' })).digest, null);
  assert.equal(read({ sha256: 'sample_checksum', tag: '' }).kind, 'ignored');
});

test('promotions are pushes, deletions are deletions, and a filled cache was pushed by nobody', () => {
  assert.equal(image(read({}, { event_type: 'promoted' })).kind, 'image.push');
  assert.equal(image(read({}, { event_type: 'deleted' })).kind, 'image.delete');
  assert.equal(image(read({ repo_key: 'hub-cache' })).origin, 'remote-cache');
});

test('what is about something else is ignored', () => {
  assert.equal(read({}, { domain: 'artifact', event_type: 'deployed' }).kind, 'ignored');
  assert.equal(read({}, { event_type: 'scanned' }).kind, 'ignored');
});

test('what is no event of Artifactory is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readArtifactory>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readArtifactory(readerInput(null))), '');
  assert.equal(pointerOf(read({}, { domain: 7 })), '/domain');
  assert.equal(pointerOf(read({}, { event_type: '' })), '/event_type');
  assert.equal(pointerOf(read({ repo_key: null })), '/data/repo_key');
  assert.equal(pointerOf(read({ image_name: 'a b' })), '/data/image_name');
});
