import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readDiun } from './diun.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;

function read(changes: object) {
  return readDiun(readerInput({ status: 'new', image: 'images.example.net/coast/buoy:v1', ...changes }));
}

function image(changes: object) {
  const reading = read(changes);
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a notice names one image, and when it was built is not when it was found', () => {
  assert.deepEqual(readDiun(readerInput(sample('diun-update'))), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.available',
          registry: 'images.example.net',
          repository: 'coast/lighthouse',
          tag: '2.4.0',
          digest: DIGEST,
          timeMs: null,
          timeSource: 'received',
          actor: null,
          origin: 'user',
        },
        provenance: { kind: '/status', registry: '/image', repository: '/image', tag: '/image', digest: '/digest' },
      },
    ],
  });
});

test('an image without a host is on Docker Hub', () => {
  const read = image({ image: 'buoy:v1' });
  assert.deepEqual([read.registry, read.repository], ['docker.io', 'library/buoy']);
});

test('the digest may stand in the reference', () => {
  assert.equal(image({ image: `images.example.net/coast/buoy@${DIGEST}` }).digest, DIGEST);
});

test('only new and updated images are available', () => {
  assert.equal(image({ status: 'update' }).kind, 'image.available');
  for (const status of ['unchange', 'skip', 'error', '', 7, undefined]) {
    assert.equal(read({ status }).kind, 'ignored', String(status));
  }
  assert.equal(read({ image: 'images.example.net/coast/buoy', digest: '' }).kind, 'ignored');
});

test('the test of the notifier is a handshake, not an image', () => {
  assert.deepEqual(read({ image: 'docker.io/diun/testnotif:latest', digest: DIGEST }), {
    kind: 'handshake',
    reason: 'A test of the notifier.',
    facts: [{ fact: { kind: 'ping', repository: 'diun/testnotif' }, provenance: { repository: '/image' } }],
    echo: null,
  });
  assert.equal(image({ image: 'images.example.net/diun/testnotif:latest' }).kind, 'image.available');
});

test('what is not a notice is unreadable, with the field at fault', () => {
  const pointerOf = (body: unknown) => {
    const reading = readDiun(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf(null), '');
  assert.equal(pointerOf({}), '/image');
  assert.equal(pointerOf({ image: 'a b' }), '/image');
});
