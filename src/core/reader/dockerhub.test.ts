import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readDockerHub } from './dockerhub.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

function push(pushData: object, repository: object = { repo_name: 'acme/api' }) {
  return readDockerHub(readerInput({ push_data: pushData, repository }));
}

function fact(reading: ReturnType<typeof readDockerHub>) {
  assert.ok(reading.kind === 'facts');
  return reading.facts[0]?.fact;
}

test('a push gives one image with the pointer of everything the payload says', () => {
  assert.deepEqual(readDockerHub(readerInput(sample('dockerhub-push'))), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.push',
          registry: 'docker.io',
          repository: 'harbourmaster/lighthouse',
          tag: '2.4.0',
          digest: null,
          timeMs: 1_767_225_600_000,
          timeSource: 'push_data.pushed_at (unix s)',
          actor: 'keeper',
          origin: 'user',
        },
        provenance: {
          kind: '/push_data',
          repository: '/repository/repo_name',
          tag: '/push_data/tag',
          time: '/push_data/pushed_at',
          actor: '/push_data/pusher',
        },
      },
    ],
  });
});

test('the first image is a digest only when it is one exactly', () => {
  const digestOf = (first: unknown) => {
    const read = fact(push({ tag: 'v1', images: [first] }));
    return read?.kind === 'image.push' ? read.digest : undefined;
  };
  assert.equal(digestOf(DIGEST), DIGEST);
  for (const first of [DIGEST.toUpperCase(), DIGEST.slice(7), `${DIGEST}0`, 'sha256:abc123...', 7, null]) {
    assert.equal(digestOf(first), null);
  }
});

test('a push of a digest without a tag is a push', () => {
  const read = fact(push({ tag: '', images: [DIGEST] }));
  assert.ok(read?.kind === 'image.push');
  assert.deepEqual([read.tag, read.digest], [null, DIGEST]);
});

test('a push that names neither tag nor digest is ignored', () => {
  assert.equal(push({ images: [] }).kind, 'ignored');
  assert.equal(push({ tag: DIGEST }).kind, 'ignored');
});

test('a time nobody can believe is left out and the receipt counts', () => {
  const read = fact(push({ tag: 'v1', pushed_at: 12 }));
  assert.ok(read?.kind === 'image.push');
  assert.deepEqual([read.timeMs, read.timeSource], [null, 'received']);
});

test('the repository may be given in parts, is lower-cased, and one word means library', () => {
  const repositoryOf = (repository: object) => {
    const read = fact(push({ tag: 'v1' }, repository));
    return read?.kind === 'image.push' ? read.repository : undefined;
  };
  assert.equal(repositoryOf({ namespace: 'Acme', name: 'API' }), 'acme/api');
  assert.equal(repositoryOf({ repo_name: 'busybox' }), 'library/busybox');
  assert.equal(repositoryOf({ repo_name: 'busybox', namespace: 'library', name: 'busybox' }), 'library/busybox');
});

test('what is not a Docker Hub payload is unreadable, with the field at fault', () => {
  const pointerOf = (body: unknown) => {
    const reading = readDockerHub(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf([]), '');
  assert.equal(pointerOf({}), '/push_data');
  assert.equal(pointerOf({ push_data: { tag: 'v1' } }), '/repository/repo_name');
  for (const repo_name of ['../x', 'a/b:v1', `a/b@${DIGEST}`, 'a//b', 'a b']) {
    const body = { push_data: { tag: 'v1' }, repository: { repo_name } };
    assert.equal(pointerOf(body), '/repository/repo_name', repo_name);
  }
});
