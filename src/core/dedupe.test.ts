import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../test/support/samples.ts';
import { createMac } from '../adapters/mac.ts';
import { dedupeKey } from './dedupe.ts';
import { readers } from './reader.ts';
import { utf8 } from './signature/encoding.ts';
import type { SourceType } from './source.ts';

const { sha256 } = createMac();
const TEN_MINUTES_MS = 600_000;

function keyOf(type: SourceType, body: unknown, headers: Record<string, string> = {}, raw = JSON.stringify(body)) {
  const reading = readers[type](readerInput(body, { headers }));
  return dedupeKey(type, { headers, body, rawBody: utf8(raw), reading }, sha256);
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
  assert.match(key?.key ?? '', /^body:/);
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
