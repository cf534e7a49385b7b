import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../test/support/api.ts';
import { behindSocket } from '../../test/support/socket.ts';
import { storeAway } from '../core/store-away.ts';

const away = () => Promise.reject(storeAway('gone'));

/** A store that is away; what is in `keeps` answers still. */
function cut(api: TestApi, keeps: readonly string[]): void {
  for (const name of Object.keys(api.ports.store)) {
    const { store } = api.ports;
    const member: unknown = Reflect.get(store, name);
    if (typeof member === 'function' && !keeps.includes(name)) Reflect.set(store, name, away);
  }
}

test('a store that is away is 503 with Retry-After on every route, and is no fault of ours', async () => {
  const api = await openApi();
  const subscription = (await api.call('POST', '/api/v1/webhook-subscriptions', VALID)).json.data.id;
  const source = (await api.call('POST', '/api/v1/sources', { type: 'dockerhub' })).json.data;
  await api.call('POST', '/api/v1/events', { type: 'a', data: 1 });
  cut(api, ['keyByHash', 'touchKeys']);
  for (const { method, path, node } of api.app.routes) {
    if (node === 'any') continue;
    const id = path.startsWith('/api/v1/sources') ? source.id : subscription;
    const url = path.startsWith('/api/webhook/') ? new URL(source.urls.secret).pathname : path.replace('{id}', id);
    if (url.includes('{')) continue;
    // What is in memory is shown without the store.
    const isShown = method === 'GET' && (path.startsWith('/api/v1/sources') || path === '/api/v1/warnings');
    const isInMemory = isShown || path === '/api/v1/events/explain';
    const got = await api.call(method, url, bodyFor(method, path));
    if (isInMemory && got.status === 200) continue;
    const shown = [got.status, got.json?.code, got.headers.get('retry-after')];
    assert.deepEqual(shown, [503, 'store_unavailable', '1'], `${method} ${url} ${got.text}`);
    const saysUnknown = /nobody knows/.test(got.json.detail);
    assert.equal(saysUnknown, method !== 'GET', `${method} ${url}: ${got.json.detail}`);
    assert.match(got.json.remedy, /same `id` or Idempotency-Key/);
  }
  assert.ok(!api.logged.some(({ event }) => event === 'http.failed'));
});

const VALID = { name: 'a', url: 'https://api.example.com/hook' };
const BODIES: Readonly<Record<string, unknown>> = {
  '/api/v1/events': { type: 'a', data: 1 },
  '/api/v1/events/explain': { type: 'a', data: 1 },
  '/api/v1/events/batch': { events: [{ type: 'a', data: 1 }] },
  '/api/v1/webhook-subscriptions': VALID,
  '/api/v1/webhook-subscriptions/{id}/test': { event: 'release.created' },
  '/api/v1/sources': { type: 'native' },
  '/api/v1/keys': { name: 'ci', role: 'viewer' },
  '/api/webhook/{key}': {},
};

function bodyFor(method: string, path: string): unknown {
  if (method === 'PATCH') return { name: 'other' };
  return method === 'POST' ? BODIES[path] : undefined;
}

test('the short way to publishing says the same of a store that is away', async (context) => {
  const api = await openApi();
  const url = `${await behindSocket(context, api)}/api/v1/events`;
  cut(api, ['keyByHash', 'touchKeys']);
  const headers = { Authorization: `Bearer ${api.keys.admin}`, 'Content-Type': 'application/json' };
  const got = await fetch(url, { method: 'POST', headers, body: '{"type":"a.b","data":1}' });
  const { code, detail } = (await got.json()) as { code: string; detail: string };
  assert.deepEqual([got.status, code, got.headers.get('retry-after')], [503, 'store_unavailable', '1']);
  assert.match(detail, /nobody knows/);
});

test('a key that cannot be looked up is 503 too', async () => {
  const api = await openApi();
  cut(api, []);
  for (const [method, path] of [
    ['POST', '/api/v1/events'],
    ['GET', '/api/v1/events'],
  ] as const) {
    const got = await api.call(method, path, method === 'POST' ? BODIES[path] : undefined);
    assert.deepEqual([got.status, got.headers.get('retry-after')], [503, '1']);
  }
});
