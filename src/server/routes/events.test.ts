import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../../test/support/api.ts';

async function subscribe(api: TestApi, more: Record<string, unknown> = {}): Promise<string> {
  const made = await api.call('POST', '/api/v1/webhook-subscriptions', {
    name: 'all',
    url: 'https://api.example.com/hook',
    ...more,
  });
  assert.equal(made.status, 201, made.text);
  return made.json.data.id;
}

test('an event is accepted with the number of subscriptions it goes to', async () => {
  const api = await openApi();
  await subscribe(api);
  await subscribe(api, { events: ['other.*'] });
  const got = await api.call('POST', '/api/v1/events', { type: 'deployment.completed', data: {} });
  assert.equal(got.status, 202);
  assert.deepEqual(Object.keys(got.json.data), ['id', 'deliveries']);
  assert.equal(got.json.data.deliveries, 1);
  assert.equal(api.handovers.length, 1);
});

test('data is kept byte for byte, in an allocation of its own', async () => {
  const api = await openApi();
  const data = '{ "n" : 1.000000000000000000001, "big":12345678901234567890, "twice":1, "twice":2, "text":"\\u00e4ä" }';
  const got = await api.call('POST', '/api/v1/events', `{"type":"a.b", "data": ${data} ,"tags":["x"]}`);
  const shown = await api.call('GET', `/api/v1/events/${got.json.data.id}`);
  assert.ok(shown.text.includes(`"data":${data}}`), shown.text);
  const kept = api.handovers[0]?.event.data;
  assert.equal(kept?.buffer.byteLength, new TextEncoder().encode(data).length);
});

test('data may be any JSON value', async () => {
  const api = await openApi();
  for (const data of ['null', '0', 'false', '"text"', '[]', '{}']) {
    const got = await api.call('POST', '/api/v1/events', `{"data":${data},"type":"a.b"}`);
    assert.equal(got.status, 202, data);
    assert.ok((await api.call('GET', `/api/v1/events/${got.json.data.id}`)).text.includes(`"data":${data}}`));
  }
});

test('the same id and body again is 200 with duplicate: true, another body 422', async () => {
  const api = await openApi();
  const event = { type: 'a.b', id: 'order-1', data: { n: 1 } };
  const first = await api.call('POST', '/api/v1/events', event);
  const again = await api.call('POST', '/api/v1/events', event);
  assert.deepEqual([again.status, again.json.data], [200, { ...first.json.data, duplicate: true }]);
  const other = await api.call('POST', '/api/v1/events', { ...event, data: { n: 2 } });
  assert.deepEqual([other.status, other.json.code], [422, 'idempotency_mismatch']);
  assert.equal((await api.call('GET', '/api/v1/events')).json.data.length, 1);
});

test('an Idempotency-Key counts once too', async () => {
  const api = await openApi();
  const headers = { 'Idempotency-Key': 'k-1' };
  const first = await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1 }, { headers });
  const again = await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1 }, { headers });
  assert.deepEqual([again.status, again.json.data], [202, first.json.data]);
  assert.equal(again.headers.get('idempotent-replayed'), 'true');
  const other = await api.call('POST', '/api/v1/events', { type: 'a.b', data: 2 }, { headers });
  assert.equal(other.status, 422);
});

test('a query parameter on publishing is refused', async () => {
  const api = await openApi();
  const got = await api.call('POST', '/api/v1/events?dry=1', { type: 'a', data: 1 });
  assert.deepEqual(got.json.errors, [{ pointer: '?dry', message: 'Unknown field.' }]);
});

test('a publisher may publish and nothing else', async () => {
  const api = await openApi();
  const key = api.keys.publisher;
  assert.equal((await api.call('POST', '/api/v1/events', { type: 'a', data: 1 }, { key })).status, 202);
  assert.equal((await api.call('GET', '/api/v1/events', undefined, { key })).status, 403);
});

test('an event shows all it was given; credentials among its headers are redacted', async () => {
  const api = await openApi();
  const made = await api.call('POST', '/api/v1/events', {
    type: 'a.b',
    id: 'mine',
    owner: 'org:7',
    occurredAt: '2026-01-31T10:30:00+01:00',
    tags: ['x'],
    headers: { 'X-Api-Key': 'canary' },
    orderingKey: 'k',
    data: 1,
  });
  const { json, text } = await api.call('GET', `/api/v1/events/${made.json.data.id}`);
  const { id: _id, acceptedAt, targets, deliveries, decisions, configVersion: _version, ...shown } = json.data;
  assert.deepEqual(shown, {
    externalId: 'mine',
    type: 'a.b',
    owner: 'org:7',
    orderingKey: 'k',
    tags: ['x'],
    headers: { 'X-Api-Key': '[redacted]' },
    occurredAt: '2026-01-31T09:30:00.000Z',
    source: { kind: 'api', id: null },
    data: 1,
  });
  assert.deepEqual([acceptedAt, targets, deliveries, decisions], ['2026-03-04T09:30:00.000Z', [], [], []]);
  assert.doesNotMatch(text, /canary/);
});

test('an event is shown with its targets and its deliveries', async () => {
  const api = await openApi();
  const subscriptionId = await subscribe(api);
  const made = await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1 });
  const { data } = (await api.call('GET', `/api/v1/events/${made.json.data.id}`)).json;
  assert.equal(data.targets[0].subscriptionId, subscriptionId);
  assert.deepEqual([data.deliveries[0].id, data.deliveries[0].status], [data.targets[0].deliveryId, 'pending']);
  await api.call('DELETE', `/api/v1/webhook-subscriptions/${subscriptionId}`);
  const after = (await api.call('GET', `/api/v1/events/${made.json.data.id}`)).json.data;
  assert.deepEqual([after.targets, after.deliveries], [[], []], 'of a deleted subscription nothing is shown');
});

test('events are listed by type, owner and time', async () => {
  const api = await openApi();
  await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1, owner: 'org:7' });
  api.advance(60_000);
  await api.call('POST', '/api/v1/events', { type: 'c.d', data: 2 });
  const types = async (query: string) =>
    (await api.call('GET', `/api/v1/events?${query}`)).json.data.map(({ type }: { type: string }) => type);
  assert.deepEqual(await types(''), ['c.d', 'a.b']);
  assert.deepEqual(await types('type=a.b'), ['a.b']);
  assert.deepEqual(await types('owner=org:7'), ['a.b']);
  assert.deepEqual(await types('since=2026-03-04T09:30:30Z'), ['c.d']);
  assert.deepEqual(await types('until=2026-03-04T09:30:30Z'), ['a.b']);
});
