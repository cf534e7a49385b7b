import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readerInput, SAMPLES, sample } from '../../test/support/samples.ts';
import { REDACTED, SENDERS_OWN } from './header.ts';
import { keptHeaders } from './inbound-headers.ts';
import { readers } from './reader.ts';
import { SOURCE_TYPES } from './source.ts';

test('what tells the event and its id stays readable', () => {
  const said = {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/044aadd',
    'x-github-event': 'package',
    'x-gitlab-event': 'Push Hook',
    'x-gitea-event': 'package',
    'aeg-event-type': 'Notification',
    'ce-type': 'zotregistry.image.updated',
    'ce-customextension': 'eu-west',
    'x-request-id': '7',
    'idempotency-key': 'k',
  };
  assert.deepEqual(keptHeaders(said, []), said);
});

test('whatever senders are known to say is kept', () => {
  const said = Object.fromEntries(SENDERS_OWN.map((name) => [name, 'said']));
  assert.deepEqual(keptHeaders(said, []), said);
});

test('a key is kept where it tells one event from another, and hidden where it opens something', () => {
  const ids = { 'x-event-key': 'repo:push', 'ce-dedup-key': '7', 'ce-partition-key': 'eu', 'idempotency-key': 'k' };
  assert.deepEqual(keptHeaders(ids, []), ids);
  const opening = ['ce-access-key', 'ce-monkey-key', 'ce-token-event-key', 'ce-api-key'];
  const kept = keptHeaders(Object.fromEntries(opening.map((name) => [name, 's3cret'])), []);
  assert.deepEqual(new Set(Object.values(kept)), new Set([REDACTED]));
});

test('every header that tells a repeat is kept, so that a receipt can be accepted as if it came now', () => {
  for (const { dedupe } of Object.values(SOURCE_TYPES)) {
    const names = dedupe.by === 'header' ? dedupe.names : dedupe.by === 'body' ? dedupe.headers : [];
    const headers = Object.fromEntries(names.map((name) => [name, 'id']));
    assert.deepEqual(keptHeaders(headers, []), headers);
  }
});

test('every header that a reader looks at is kept, so that a receipt can be read anew', () => {
  const read = new Set<string>();
  const watched = (headers: Readonly<Record<string, string>>) =>
    new Proxy(headers, {
      get: (target, name) => {
        read.add(String(name));
        return Reflect.get(target, name);
      },
      getOwnPropertyDescriptor: (target, name) => {
        read.add(String(name));
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
    });
  for (const { file, type, headers = {} } of SAMPLES) {
    for (const reader of [type, 'registry-push'] as const) {
      readers[reader](readerInput(sample(file), { headers: watched(headers) }));
    }
  }
  assert.ok(read.has('x-goog-pubsub-publish-time') && read.has('x-nexus-webhook-id') && read.has('ce-type'));
  const said = Object.fromEntries([...read].map((name) => [name, 'said']));
  assert.deepEqual(keptHeaders(said, []), said);
});

test('signatures, tokens and whatever is not known are never kept', () => {
  const proofs = [
    'authorization',
    'cookie',
    'x-hub-signature-256',
    'x-gitlab-token',
    'x-jfrog-event-auth',
    'webhook-signature',
    'x-stella-signature',
    'stripe-signature',
    'ce-authtoken',
    'x-custom',
  ];
  const kept = keptHeaders(Object.fromEntries(proofs.map((name) => [name, 's3cret'])), []);
  assert.deepEqual(
    Object.values(kept),
    proofs.map(() => REDACTED),
  );
});

test('a harmless name is hidden where the source has its credential in it, in any case', () => {
  const kept = keptHeaders({ 'x-request-id': 's3cret', date: 'today' }, ['X-Request-Id']);
  assert.deepEqual(kept, { 'x-request-id': REDACTED, date: 'today' });
});

test('what sounds like a credential is hidden, even where an older scheme has an id or a time in it', () => {
  const names = ['Authorization', 'Cookie', 'X-Gitlab-Token', 'X-Functions-Key', 'X-Signature'];
  const headers = Object.fromEntries(names.map((name) => [name.toLowerCase(), 's3cret']));
  assert.deepEqual(new Set(Object.values(keptHeaders(headers, [], names))), new Set([REDACTED]));
});

test('the time of a signature stays readable where the scheme reads it there, so that work done again can check it', () => {
  const headers = { 'x-signature-timestamp': '1767225600' };
  assert.deepEqual(keptHeaders(headers, [], ['X-Signature-Timestamp']), headers);
  assert.deepEqual(keptHeaders(headers, []), { 'x-signature-timestamp': REDACTED });
});

test('a name that nobody knows stays readable where it holds the id that is signed', () => {
  const kept = keptHeaders({ 'acme-id': 'm1', 'x-custom': 'c' }, [], ['Acme-Id']);
  assert.deepEqual(kept, { 'acme-id': 'm1', 'x-custom': REDACTED });
});
