import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Got, openApi, receiverAnswer, type TestApi } from '../../test/support/api.ts';
import { createApp } from './app.ts';

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

test('the answer to one role is not given to another, which may not see what stands in it', async () => {
  const api = await openApi();
  const operator = (await api.call('POST', '/api/v1/keys', { name: 'ops', role: 'operator' })).json.data.key;
  const source = { type: 'dockerhub' };
  const first = await api.call('POST', '/api/v1/sources', source, { headers });
  const other = await api.call('POST', '/api/v1/sources', source, { headers, key: operator });
  assert.deepEqual([other.status, other.json.code], [422, 'idempotency_mismatch']);
  assert.match(other.json.remedy, /API key of the same role/);
  assert.ok(!other.text.includes(first.json.data.urls.secret));
  assert.equal((await api.call('POST', '/api/v1/sources', source, { headers })).text, first.text);
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

/** Another process on the same store: it knows nothing of what runs in the first one. */
function anotherProcess(api: TestApi) {
  const { fetch: ask } = createApp(api.ports, { version: '0', readiness: async () => api.readiness.value });
  return async (path: string, sent?: unknown) => {
    const fields = { ...headers, Authorization: `Bearer ${api.keys.admin}`, 'Content-Type': 'application/json' };
    const request = { method: 'POST', headers: fields, ...(sent === undefined ? {} : { body: JSON.stringify(sent) }) };
    const response = await ask(new Request(`http://hookyard.test${path}`, request));
    const text = await response.text();
    return {
      status: response.status,
      text,
      json: JSON.parse(text),
      replayed: response.headers.get('idempotent-replayed'),
    };
  };
}

type Answered = Pick<Got, 'status' | 'text'>;

/** Two requests that have both asked for a kept answer before either of them is made. */
async function atOnce(api: TestApi, ...calls: (() => Promise<Answered>)[]): Promise<Answered[]> {
  const { recall } = api.ports.store;
  const all = Promise.withResolvers<void>();
  let asked = 0;
  api.ports.store.recall = async (...of) => {
    const kept = await recall(...of);
    if (++asked === calls.length) all.resolve();
    await all.promise;
    return kept;
  };
  return Promise.all(calls.map((call) => call()));
}

test('of two processes that make the same thing at once under one key one makes it, and both answer alike', async () => {
  const api = await openApi();
  const there = anotherProcess(api);
  const source = (await api.call('POST', '/api/v1/sources', { type: 'dockerhub' })).json.data;
  const calls: [path: string, body: unknown][] = [
    [SUBSCRIPTIONS, body],
    ['/api/v1/keys', { name: 'ci', role: 'publisher' }],
    [`/api/v1/sources/${source.id}/regenerate-url`, undefined],
  ];
  for (const [path, sent] of calls) {
    const [first, second] = await atOnce(
      api,
      () => api.call('POST', path, sent, { headers }),
      () => there(path, sent),
    );
    assert.ok(first !== undefined && first.status < 300, path);
    assert.equal(first.text, second?.text, path);
  }
  assert.equal((await api.call('GET', SUBSCRIPTIONS)).json.data.length, 1);
  assert.equal((await api.call('GET', `/api/v1/sources/${source.id}`)).json.data.version, source.version + 1);
});

test('of two answers to one request the one that was kept first is given', async () => {
  const api = await openApi();
  const there = anotherProcess(api);
  const { id } = (await api.call('POST', SUBSCRIPTIONS, body)).json.data;
  const first = await api.call('POST', `${SUBSCRIPTIONS}/${id}/pause`, undefined, { headers });
  await api.call('PATCH', `${SUBSCRIPTIONS}/${id}`, { name: 'another' });
  const { recall } = api.ports.store;
  // It had asked before the first one was answered.
  api.ports.store.recall = async () => {
    api.ports.store.recall = recall;
    return null;
  };
  const second = await there(`${SUBSCRIPTIONS}/${id}/pause`);
  assert.deepEqual([second.text, second.replayed], [first.text, 'true']);
});

test('a test that another process is sending is not sent twice, and its answer is given once it is there', async () => {
  const api = await openApi();
  const there = anotherProcess(api);
  const { id } = (await api.call('POST', SUBSCRIPTIONS, body)).json.data;
  const path = `${SUBSCRIPTIONS}/${id}/test`;
  const sample = { event: 'release.created' };
  const sending = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<ReturnType<typeof receiverAnswer>>();
  let sent = 0;
  api.ports.sender.send = () => {
    sent++;
    sending.resolve();
    return answered.promise;
  };
  const first = api.call('POST', path, sample, { headers });
  await sending.promise;
  const early = await there(path, sample);
  assert.deepEqual([early.status, early.json.code], [409, 'idempotency_running']);
  // The first process ends before it has kept its answer.
  api.ports.store.remember = () => Promise.reject(new Error('the process ended'));
  answered.resolve(receiverAnswer(204));
  assert.equal((await first).status, 500);
  api.ports.store.remember = async () => {};
  const late = await there(path, sample);
  assert.deepEqual([late.status, late.json.data.statusCode, late.replayed], [200, 204, 'true']);
  const other = await there(path, { event: 'deployment.completed' });
  assert.deepEqual([other.status, other.json.code], [422, 'idempotency_mismatch']);
  assert.equal(sent, 1);
});
