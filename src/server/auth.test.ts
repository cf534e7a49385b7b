import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '../../test/support/api.ts';
import type { Role } from '../ports.ts';

const ROLES: readonly Role[] = ['admin', 'operator', 'viewer', 'publisher'];
const UNKNOWN_ID = '01900000-0000-7000-8000-00000000abcd';

test('without a key, with a wrong one or with two, a call is 401 and says how to authenticate', async () => {
  const api = await openApi();
  const { admin } = api.keys;
  const wrong: (string | undefined)[] = [
    undefined,
    'Bearer nope',
    `Basic ${admin}`,
    admin,
    `Bearer ${admin}, Bearer ${admin}`,
    'Bearer ',
  ];
  for (const authorization of wrong) {
    const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
    const got = await api.call('GET', '/api/v1/events', undefined, { key: null, headers });
    assert.deepEqual([got.status, got.json.code], [401, 'unauthorized'], authorization ?? 'none');
    assert.equal(got.headers.get('www-authenticate'), 'Bearer realm="hookyard"');
  }
});

test('every route refuses exactly the roles it does not name', async () => {
  const api = await openApi();
  for (const { method, path, roles } of api.app.routes) {
    if (roles === 'open') continue;
    for (const role of ROLES) {
      const body = method === 'POST' || method === 'PATCH' ? {} : undefined;
      const got = await api.call(method, path.replace('{id}', UNKNOWN_ID), body, { key: api.keys[role] });
      assert.equal(got.status === 403, !roles.includes(role), `${method} ${path} as ${role}: ${got.status}`);
    }
  }
});

test('every route that needs a key refuses a call without one before it reads anything', async () => {
  const api = await openApi();
  for (const { method, path, roles } of api.app.routes) {
    if (roles === 'open') continue;
    const body = method === 'POST' || method === 'PATCH' ? 'not json' : undefined;
    const got = await api.call(method, path.replace('{id}', UNKNOWN_ID), body, { key: null });
    assert.equal(got.status, 401, `${method} ${path}`);
  }
});

test("another tenant's objects are not found, whatever is done to them", async () => {
  const api = await openApi();
  const subscription = await api.call('POST', '/api/v1/webhook-subscriptions', {
    name: 'mine',
    url: 'https://api.example.com/hook',
  });
  const source = await api.call('POST', '/api/v1/sources', { type: 'native' });
  const event = await api.call('POST', '/api/v1/events', { type: 'a.b', data: {} });
  const deliveries = await api.call('GET', '/api/v1/deliveries');
  const ids = [subscription, source, event].map(({ json }) => json.data.id);
  ids.push(deliveries.json.data[0].id);
  for (const { method, path, roles } of api.app.routes) {
    if (roles === 'open' || !path.includes('{id}')) continue;
    for (const id of ids) {
      const body =
        method === 'PATCH' ? { name: 'x' } : path.endsWith('/test') ? { event: 'release.created' } : undefined;
      const got = await api.call(method, path.replace('{id}', id), body, { key: api.foreignKey });
      assert.equal(got.status, 404, `${method} ${path}`);
    }
  }
  for (const path of ['events', 'deliveries', 'webhook-subscriptions', 'sources']) {
    const got = await api.call('GET', `/api/v1/${path}`, undefined, { key: api.foreignKey });
    assert.deepEqual(got.json.data, [], path);
  }
});

test('a revoked key is refused, an expired one too', async () => {
  const api = await openApi();
  const expiresAt = '2026-03-04T09:31:00Z';
  const made = await api.call('POST', '/api/v1/keys', { name: 'short', role: 'viewer', expiresAt });
  const { id, key } = made.json.data;
  assert.equal((await api.call('GET', '/api/v1/events', undefined, { key })).status, 200);
  api.advance(61_000);
  assert.equal((await api.call('GET', '/api/v1/events', undefined, { key })).status, 401);
  const other = await api.call('POST', '/api/v1/keys', { name: 'revoked', role: 'viewer' });
  assert.equal((await api.call('DELETE', `/api/v1/keys/${other.json.data.id}`)).status, 204);
  assert.equal((await api.call('GET', '/api/v1/events', undefined, { key: other.json.data.key })).status, 401);
  const list = await api.call('GET', '/api/v1/keys');
  assert.doesNotMatch(list.text, new RegExp(key));
  assert.ok(list.json.data.some((row: { id: string }) => row.id === id));
});
