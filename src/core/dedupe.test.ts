import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../test/support/samples.ts';
import { createMac } from '../adapters/mac.ts';
import { dedupeKey } from './dedupe.ts';
import { readers } from './reader.ts';
import { utf8 } from './signature/encoding.ts';
import { SOURCE_TYPES, type SourceType } from './source.ts';

const { sha256 } = createMac();
const TEN_MINUTES_MS = 600_000;

function keyOf(type: SourceType, body: unknown, headers: Record<string, string> = {}, raw = JSON.stringify(body)) {
  const reading = readers[type](readerInput(body, { headers }));
  const message = { headers, body, rawBody: utf8(raw), reading, mappedId: null, signedId: null };
  return dedupeKey(SOURCE_TYPES[type].dedupe, message, sha256);
}

test('every native post counts unless the caller sends a key', () => {
  const body = sample('native-push');
  assert.equal(keyOf('native', body), null);
  assert.equal(keyOf('native', body, { 'idempotency-key': ' ' }), null);
  const first = keyOf('native', body, { 'idempotency-key': 'run-17' });
  assert.match(first?.key ?? '', /^caller:[0-9a-f]{64}$/);
  assert.equal(first?.windowMs, null);
  assert.deepEqual(keyOf('native', { image: 'other' }, { 'idempotency-key': 'run-17' }), first);
  assert.notDeepEqual(keyOf('native', body, { 'idempotency-key': 'run-18' }), first);
});

test('Docker Hub posts that say the same push within ten minutes are one, whatever else differs', () => {
  const body = sample('dockerhub-push');
  const key = keyOf('dockerhub', body);
  assert.equal(key?.windowMs, TEN_MINUTES_MS);
  assert.deepEqual(keyOf('dockerhub', { ...body, callback_url: 'https://x.example' }), key);
  const later = { ...body, push_data: { tag: '2.4.0', pushed_at: 1_767_225_601, pusher: 'keeper' } };
  assert.notDeepEqual(keyOf('dockerhub', later), key);
});

test('a push without a time is known by its bytes only', () => {
  const body = { push_data: { tag: 'v1' }, repository: { repo_name: 'acme/api' } };
  const key = keyOf('dockerhub', body);
  assert.deepEqual(keyOf('dockerhub', body), key);
  assert.notDeepEqual(keyOf('dockerhub', body, {}, `${JSON.stringify(body)} `), key);
});

test('what gives no facts is known by its bytes', () => {
  const key = keyOf('harbor', { type: 'PULL_ARTIFACT', occur_at: 1 });
  assert.match(key?.key ?? '', /^raw:/);
  assert.notDeepEqual(keyOf('harbor', { type: 'PULL_ARTIFACT', occur_at: 2 }), key);
});

test('a CloudEvent is known for ever by source and id together', () => {
  const body = sample('harbor-push-cloudevents');
  const key = keyOf('harbor', body);
  assert.match(key?.key ?? '', /^cloudevent:/);
  assert.equal(key?.windowMs, null);
  assert.deepEqual(keyOf('harbor', { ...body, time: '2026-01-01T00:00:09Z' }), key);
  assert.notDeepEqual(keyOf('harbor', { ...body, source: '/other' }), key);
  assert.notDeepEqual(keyOf('harbor', { ...body, id: 'other' }), key);
});

test('the default format of Harbor is known by what was pushed and when', () => {
  const body = sample('harbor-push');
  const key = keyOf('harbor', body);
  assert.match(key?.key ?? '', /^facts:/);
  assert.equal(key?.windowMs, TEN_MINUTES_MS);
  assert.notDeepEqual(keyOf('harbor', { ...body, occur_at: 1_767_225_601 }), key);
  assert.notDeepEqual(keyOf('harbor', { ...body, type: 'DELETE_ARTIFACT' }), key);
});

test('a delivery header is the key, for ever, and only GitHub repeats it when a person redelivers', () => {
  for (const [type, name, redeliveryAfterMs] of [
    ['github', 'x-github-delivery', 30_000],
    ['ghcr', 'x-github-delivery', 30_000],
    ['gitlab', 'idempotency-key', null],
    ['nexus', 'x-nexus-webhook-delivery', null],
    ['gitea-package', 'x-gitea-delivery', null],
    ['gitea-package', 'x-forgejo-delivery', null],
  ] as const) {
    const key = keyOf(type, { a: 1 }, { [name]: '0b2c' });
    assert.match(key?.key ?? '', /^header:[0-9a-f]{64}$/);
    assert.equal(key?.windowMs, null);
    assert.equal(key?.redeliveryAfterMs, redeliveryAfterMs);
    assert.deepEqual(keyOf(type, { a: 2 }, { [name]: '0b2c' }), key);
    assert.notDeepEqual(keyOf(type, { a: 1 }, { [name]: '0b2d' }), key);
    assert.match(keyOf(type, { a: 1 }, { [name]: '  ' })?.key ?? '', /^raw:/);
  }
});

test('what GitLab sends with every delivery of a hook is no key', () => {
  const uuid = { 'x-gitlab-webhook-uuid': 'c0ffee', 'x-gitlab-event-uuid': 'decaf' };
  assert.match(keyOf('gitlab', { object_kind: 'push' }, uuid)?.key ?? '', /^raw:/);
});

test('an id in the body is the key, wherever the sender puts it', () => {
  assert.match(keyOf('acr', { id: 'e1' })?.key ?? '', /^body:/);
  assert.notDeepEqual(keyOf('acr', { id: 'e2' }), keyOf('acr', { id: 'e1' }));
  assert.deepEqual(keyOf('gar', { message: { messageId: '7' } }), keyOf('gar', { message: { message_id: '7' } }));
  for (const id of [7, '', null, {}]) assert.match(keyOf('acr', { id })?.key ?? '', /^raw:/);
});

test('a message of Pub/Sub that comes unwrapped has its id in a header', () => {
  const body = sample('gar-push-unwrapped');
  const said = (id: string, time: string) => ({ 'x-goog-pubsub-message-id': id, 'x-goog-pubsub-publish-time': time });
  const key = keyOf('gar', body, said('7', '2026-01-01T00:00:00Z'));
  assert.match(key?.key ?? '', /^body:[0-9a-f]{64}$/);
  assert.deepEqual(keyOf('gar', body, said('7', '2026-01-01T00:00:01Z')), key);
  assert.notDeepEqual(keyOf('gar', body, said('8', '2026-01-01T00:00:00Z')), key);
  assert.deepEqual(keyOf('gar', { message: { messageId: '7' } }), key);
});

test('a message of several events is known by the ids of all of them', () => {
  const sent = { events: [{ id: 'a' }, { id: 'b' }] };
  assert.match(keyOf('distribution', sent)?.key ?? '', /^events:/);
  assert.deepEqual(keyOf('distribution', { ...sent, more: 1 }), keyOf('distribution', sent));
  assert.notDeepEqual(keyOf('distribution', { events: [{ id: 'a' }] }), keyOf('distribution', sent));
  assert.notDeepEqual(keyOf('distribution', { events: [{ id: 'ab' }] }), keyOf('distribution', sent));
  assert.deepEqual(keyOf('acr-eventgrid', sent.events)?.key.slice(0, 7), 'events:');
  for (const events of [[], [{ id: 'a' }, {}], {}, Array(1001).fill({ id: 'a' })]) {
    assert.match(keyOf('distribution', { events })?.key ?? '', /^raw:/);
  }
});

test('a single CloudEvent of a sender of lists is known by source and id', () => {
  const event = { specversion: '1.0', source: '/registries/x', id: '7' };
  const key = keyOf('acr-eventgrid', event);
  assert.match(key?.key ?? '', /^events:/);
  assert.deepEqual(keyOf('acr-eventgrid', { ...event, time: '2026-01-01T00:00:00Z' }), key);
  assert.notDeepEqual(keyOf('acr-eventgrid', { ...event, id: '8' }), key);
});

test('a CloudEvent in binary mode has its source and id in headers', () => {
  const headers = { 'ce-specversion': '1.0', 'ce-source': '/zot', 'ce-id': '7' };
  const key = keyOf('cloudevents', {}, headers);
  assert.match(key?.key ?? '', /^cloudevent:/);
  assert.deepEqual(keyOf('cloudevents', { specversion: '1.0', source: '/zot', id: '7' }), key);
  assert.notDeepEqual(keyOf('cloudevents', {}, { ...headers, 'ce-id': '8' }), key);
  assert.match(keyOf('cloudevents', {}, { 'ce-specversion': '1.0', 'ce-id': '7' })?.key ?? '', /^raw:/);
});

test('a batch of CloudEvents is known by all of them, and a bare CDEvent by its context', () => {
  const events = ['7', '8'].map((id) => ({ specversion: '1.0', source: '/zot', id }));
  assert.match(keyOf('cloudevents', events)?.key ?? '', /^cloudevent:/);
  assert.notDeepEqual(keyOf('cloudevents', events), keyOf('cloudevents', events.slice(1)));
  for (const body of [[], [...events, {}], Array(1001).fill(events[0])]) {
    assert.match(keyOf('cloudevents', body)?.key ?? '', /^raw:/);
  }
  const context = { version: '0.4.1', source: '/ci', id: '7' };
  assert.match(keyOf('cdevents', { context })?.key ?? '', /^cloudevent:/);
  assert.notDeepEqual(keyOf('cdevents', { context: { ...context, id: '8' } }), keyOf('cdevents', { context }));
});

test('a sender without a rule of its own may give a key', () => {
  assert.match(keyOf('quay', { a: 1 }, { 'idempotency-key': 'k' })?.key ?? '', /^caller:/);
});

test('an id that is signed is the key, before one that anybody could write beside it', () => {
  const headers = {
    'idempotency-key': 'k',
    'x-github-delivery': 'g',
    'ce-specversion': '1.0',
    'ce-source': '/',
    'ce-id': '1',
  };
  const keys = (['gitlab', 'github', 'cloudevents', 'acr', 'native'] as const).map((type) => {
    const reading = readers[type](readerInput({ id: 'e1' }, { headers }));
    const message = { headers, body: { id: 'e1' }, rawBody: utf8('{}'), reading, mappedId: '7', signedId: 'msg_1' };
    return dedupeKey(SOURCE_TYPES[type].dedupe, message, sha256)?.key;
  });
  assert.match(keys[0] ?? '', /^signed:[0-9a-f]{64}$/);
  assert.equal(new Set(keys).size, 1);
});

test('an id that a mapping finds is the key', () => {
  const message = {
    headers: {},
    body: {},
    rawBody: utf8('{}'),
    reading: readers.generic(readerInput({})),
    mappedId: '7',
    signedId: null,
  };
  assert.match(dedupeKey(SOURCE_TYPES.generic.dedupe, message, sha256)?.key ?? '', /^facts:/);
  assert.equal(dedupeKey(SOURCE_TYPES.generic.dedupe, message, sha256)?.windowMs, null);
});

test('what could not be read of a message uses up no key: with fewer faults it is another one, with the same ones it is not', () => {
  const envelope = (...repositories: readonly string[]) => ({
    events: repositories.map((repository, id) => {
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      return { id: `e${id}`, action: 'push', target: { mediaType, repository, tag: 'v1' } };
    }),
  });
  const key = keyOf('distribution', envelope('a/b', '', ''));
  assert.match(key?.key ?? '', /^events:[0-9a-f]{64}-2$/);
  assert.deepEqual(keyOf('distribution', { ...envelope('a/b', '', ''), sent: 2 }), key);
  assert.notDeepEqual(keyOf('distribution', envelope('a/b', 'c/d', '')), key);
  assert.match(keyOf('distribution', envelope('a/b', 'c/d', 'e/f'))?.key ?? '', /^events:[0-9a-f]{64}$/);
});
