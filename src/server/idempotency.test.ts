import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '../../test/support/api.ts';

const SUBSCRIPTIONS = '/api/v1/webhook-subscriptions';
const body = { name: 'a', url: 'https://api.example.com/hook', authType: 'signature' };
const headers = { 'Idempotency-Key': 'key-1' };

test('the same key and body again get the first answer, byte for byte, and nothing is made twice', async () => {
  const api = await openApi();
  // The claim is committed with the effect, not noted afterwards, where a crash could come between.
  api.ports.store.remember = () => assert.fail('the answer was kept apart from its effect');
  const calls: [path: string, body: Record<string, unknown>][] = [
    [SUBSCRIPTIONS, body],
    ['/api/v1/sources', { type: 'harbor' }],
    ['/api/v1/keys', { name: 'ci', role: 'publisher' }],
  ];
  for (const [path, sent] of calls) {
    const before = (await api.call('GET', path)).json.data.length;
    const first = await api.call('POST', path, sent, { headers });
    assert.equal(first.status, 201, first.text);
    api.advance(1000);
    const again = await api.call('POST', path, sent, { headers });
    assert.deepEqual([again.status, again.text], [first.status, first.text], path);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.equal(first.headers.get('idempotent-replayed'), null);
    assert.equal(again.headers.get('etag'), first.headers.get('etag'));
    assert.notEqual(again.headers.get('x-request-id'), first.headers.get('x-request-id'));
    assert.equal((await api.call('GET', path)).json.data.length, before + 1, path);
  }
});

test('the same key with another body is 422', async () => {
  const api = await openApi();
  await api.call('POST', SUBSCRIPTIONS, body, { headers });
  const got = await api.call('POST', SUBSCRIPTIONS, { ...body, name: 'b' }, { headers });
  assert.deepEqual([got.status, got.json.code], [422, 'idempotency_mismatch']);
});

test('a key belongs to its path and its tenant', async () => {
  const api = await openApi();
  await api.call('POST', SUBSCRIPTIONS, body, { headers });
  assert.equal((await api.call('POST', '/api/v1/sources', { type: 'native' }, { headers })).status, 201);
  const foreign = await api.call('POST', SUBSCRIPTIONS, { ...body, name: 'c' }, { headers, key: api.foreignKey });
  assert.equal(foreign.status, 201);
});

test('while the first request runs, the second is 409', async () => {
  const api = await openApi();
  const vet = api.ports.gate.vet;
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const asked = new Promise<void>((resolve) => {
    api.ports.gate.vet = async (url, timeoutMs) => {
      resolve();
      await held;
      return vet(url, timeoutMs);
    };
  });
  const first = api.call('POST', SUBSCRIPTIONS, body, { headers });
  await asked;
  const second = await api.call('POST', SUBSCRIPTIONS, body, { headers });
  assert.deepEqual([second.status, second.json.code], [409, 'idempotency_running']);
  go();
  assert.equal((await first).status, 201);
});

test('a refusal is not kept: the corrected request may use its key', async () => {
  const api = await openApi();
  const refused = await api.call('POST', SUBSCRIPTIONS, { ...body, url: 'https://db.internal/' }, { headers });
  assert.equal(refused.status, 400);
  assert.equal((await api.call('POST', SUBSCRIPTIONS, body, { headers })).status, 201);
});

test('a route whose effect carries no claim keeps its answer all the same', async () => {
  const api = await openApi();
  const id = (await api.call('POST', SUBSCRIPTIONS, body)).json.data.id;
  const first = await api.call('POST', `${SUBSCRIPTIONS}/${id}/test`, { event: 'release.created' }, { headers });
  const again = await api.call('POST', `${SUBSCRIPTIONS}/${id}/test`, { event: 'release.created' }, { headers });
  assert.deepEqual([again.status, again.text], [200, first.text]);
  assert.equal(api.sent.length, 1);
});

test('a redelivery with a key is made once', async () => {
  const api = await openApi();
  await api.call('POST', SUBSCRIPTIONS, body);
  await api.call('POST', '/api/v1/events', { type: 'a', data: 1 });
  const { id } = (await api.call('GET', '/api/v1/deliveries')).json.data[0];
  api.ports.store.remember = () => assert.fail('the answer was kept apart from its effect');
  const first = await api.call('POST', `/api/v1/deliveries/${id}/redeliver`, undefined, { headers });
  const again = await api.call('POST', `/api/v1/deliveries/${id}/redeliver`, undefined, { headers });
  assert.deepEqual([first.status, again.text], [202, first.text]);
  assert.equal((await api.call('GET', '/api/v1/deliveries')).json.data.length, 2);
});

test('a key of wrong shape is refused', async () => {
  const api = await openApi();
  for (const key of ['', 'a b', 'x'.repeat(256), 'ä']) {
    const got = await api.call('POST', SUBSCRIPTIONS, body, { headers: { 'Idempotency-Key': key } });
    assert.deepEqual([got.status, got.json.errors[0].pointer], [400, 'header/Idempotency-Key'], key);
  }
});

test('the kept answer lies sealed in the store', async () => {
  const api = await openApi();
  const made = await api.call('POST', '/api/v1/keys', { name: 'ci', role: 'viewer' }, { headers });
  const kept = await api.ports.store.recall('01900000-0000-7000-8000-000000000001', 'POST /api/v1/keys', 'key-1');
  assert.ok(kept !== null);
  assert.equal(Buffer.from(kept.answer).includes(made.json.data.key), false);
});
