import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { toBase64, utf8 } from '../signature/encoding.ts';
import { readGar } from './gar.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const IMAGE = 'europe-west1-docker.pkg.dev/coast-123/images/lighthouse';

function message(data: unknown, more: object = {}) {
  const text = typeof data === 'string' ? data : toBase64(utf8(JSON.stringify(data)));
  return readGar(readerInput({ message: { data: text, messageId: '1', ...more }, subscription: 's' }));
}

function image(reading: ReturnType<typeof readGar>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a push is read from the encoded message, and every field points to it', () => {
  assert.deepEqual(readGar(readerInput(sample('gar-push'))), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.push',
          registry: 'europe-west1-docker.pkg.dev',
          repository: 'coast-123/images/lighthouse',
          tag: '2.4.0',
          digest: DIGEST,
          timeMs: 1_767_225_600_250,
          timeSource: 'message.publishTime (iso)',
          actor: null,
          origin: 'user',
        },
        provenance: {
          kind: '/message/data',
          registry: '/message/data',
          repository: '/message/data',
          tag: '/message/data',
          digest: '/message/data',
          time: '/message/publishTime',
        },
      },
    ],
  });
});

test('an unwrapped message says the same at places of its own, its time in a header', () => {
  const headers = { 'x-goog-pubsub-publish-time': '2026-01-01T00:00:00Z' };
  const reading = readGar(readerInput(sample('gar-push-unwrapped'), { headers }));
  assert.equal(image(reading).timeMs, 1_767_225_600_000);
  assert.equal(image(reading).timeSource, 'x-goog-pubsub-publish-time (iso)');
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts[0]?.provenance, {
    kind: '/action',
    registry: '/digest',
    repository: '/digest',
    tag: '/tag',
    digest: '/digest',
    time: 'header:x-goog-pubsub-publish-time',
  });
  assert.equal(image(readGar(readerInput(sample('gar-push-unwrapped')))).timeSource, 'received');
});

test('a push by digest has no tag, a deleted tag has no digest, and both are told apart', () => {
  const pushed = image(message({ action: 'INSERT', digest: `${IMAGE}@${DIGEST}` }));
  assert.deepEqual([pushed.kind, pushed.tag, pushed.digest], ['image.push', null, DIGEST]);
  const deleted = image(message({ action: 'DELETE', tag: `${IMAGE}:1.1` }));
  assert.deepEqual([deleted.kind, deleted.tag, deleted.digest], ['image.delete', '1.1', null]);
  assert.equal(deleted.repository, 'coast-123/images/lighthouse');
});

test('a digest that was cut is none, and the tag beside it still counts', () => {
  const read = image(message({ action: 'INSERT', digest: `${IMAGE}@sha256:6ec1`, tag: `${IMAGE}:1.1` }));
  assert.deepEqual([read.tag, read.digest], ['1.1', null]);
  assert.equal(message({ action: 'INSERT', digest: `${IMAGE}@sha256:6ec1` }).kind, 'ignored');
});

test('the older spelling of the publishing time is read, too', () => {
  const data = { action: 'INSERT', tag: `${IMAGE}:1.1` };
  assert.equal(image(message(data, { publish_time: '2026-01-01T00:00:00Z' })).timeMs, 1_767_225_600_000);
});

test('messages of other publishers under the topic are ignored, whatever they hold', () => {
  for (const data of [
    { insertId: 'x', protoPayload: {} },
    { action: 'INSERT' },
    { action: 'SCAN', tag: `${IMAGE}:1.1` },
    { action: 'INSERT', tag: 'no-host:1.1' },
    [],
    'bm90IGpzb24=',
    '****',
    '',
  ]) {
    assert.equal(message(data).kind, 'ignored', JSON.stringify(data));
  }
  assert.equal(readGar(readerInput({ message: { attributes: {} } })).kind, 'ignored');
});

test('what no subscription sends is unreadable, with the field at fault', () => {
  const pointerOf = (body: unknown) => {
    const reading = readGar(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf([]), '');
  assert.equal(pointerOf({}), '/message');
  assert.equal(pointerOf({ message: 'x' }), '/message');
});
