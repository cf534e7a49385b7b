import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../test/support/api.ts';
import { behindSocket } from '../../test/support/socket.ts';
import { ALL_NODE_ROLES, type NodeRole } from '../core/node-role.ts';
import type { RouteSpec } from './endpoint.ts';

const SOME_ID = '01900000-0000-7000-8000-000000000001';

function roles(...names: NodeRole[]): { roles: ReadonlySet<NodeRole> } {
  return { roles: new Set(names) };
}

/** A call of a route that reaches it, whatever comes of it there. */
function knock(api: TestApi, { method, path }: Pick<RouteSpec, 'method' | 'path'>) {
  const body = method === 'POST' || method === 'PATCH' ? {} : undefined;
  return api.call(method, path.replaceAll(/\{\w+\}/g, SOME_ID), body);
}

test('publishing and the doors are served by ingest, probes and the document by all, the rest by query', async () => {
  const { app } = await openApi();
  const served = Map.groupBy(app.routes, ({ node }) => node);
  const paths = (of: readonly RouteSpec[] | undefined) => of?.map(({ method, path }) => `${method} ${path}`).sort();
  assert.deepEqual(paths(served.get('ingest')), [
    'POST /api/v1/events',
    'POST /api/v1/events/batch',
    'POST /api/v1/webhooks/{route}/{sourceId}',
    'POST /api/webhook/{key}',
  ]);
  assert.deepEqual(paths(served.get('any')), [
    'GET /api/v1/openapi.json',
    'GET /healthz',
    'GET /metrics',
    'GET /readyz',
  ]);
  assert.equal(served.size, 3);
});

for (const missing of ['ingest', 'query'] as const) {
  test(`a process without ${missing} answers 421 to what is served by it, and to nothing else`, async () => {
    const api = await openApi({ roles: new Set([...ALL_NODE_ROLES].filter((role) => role !== missing)) });
    for (const spec of api.app.routes) {
      const got = await knock(api, spec);
      const expected = spec.node === missing;
      assert.equal(got.status === 421, expected, `${spec.method} ${spec.path}: ${got.status}`);
      if (!expected) continue;
      assert.equal(got.json.code, 'not_served_here');
      assert.ok(got.json.detail.includes(missing), got.json.detail);
    }
  });
}

test('a process without ingest says 421 of every path below the doors, so that none tells more than another', async () => {
  const api = await openApi(roles('query'));
  const { json } = await api.call('POST', '/api/v1/sources', { type: 'dockerhub' });
  const door = new URL(json.data.urls.secret).pathname;
  const texts = new Set<string>();
  for (const [method, path] of [
    ['POST', door],
    ['GET', door],
    ['POST', '/api/webhook/nonsense'],
    ['POST', '/api/v1/webhooks/a/b/c'],
  ] as const) {
    const got = await api.call(method, path, undefined, { key: null });
    assert.equal(got.status, 421, path);
    texts.add(got.text.replace(/urn:uuid:[0-9a-f-]+/, ''));
  }
  assert.equal(texts.size, 1);
});

test('a process that only dispatches answers probes, and looks at nothing for other calls', async () => {
  const api = await openApi(roles('dispatch'));
  api.ports.store.keyByHash = () => assert.fail('a key was looked up');
  api.ports.authenticate = Object.assign(() => assert.fail('somebody was asked who they are'), { forget: () => {} });
  for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/openapi.json']) {
    assert.equal((await api.call('GET', path, undefined, { key: null })).status, 200, path);
  }
  assert.equal((await api.call('GET', '/api/v1/events')).status, 421);
  assert.equal((await api.call('POST', '/api/v1/events', {})).status, 421);
  assert.equal((await api.call('GET', '/api/v1/nothing')).status, 404);
});

test('the document says which role serves a call', async () => {
  const { call } = await openApi();
  const { paths } = (await call('GET', '/api/v1/openapi.json')).json;
  assert.equal(paths['/api/v1/events'].post['x-node-role'], 'ingest');
  assert.equal(paths['/api/v1/events'].get['x-node-role'], 'query');
  assert.equal('x-node-role' in paths['/healthz'].get, false);
});

test('the short way to publishing is closed like the long one', async (context) => {
  for (const [options, status] of [
    [roles('query', 'dispatch'), 421],
    [roles('ingest'), 202],
  ] as const) {
    const api = await openApi(options);
    const headers = { Authorization: `Bearer ${api.keys.admin}`, 'Content-Type': 'application/json' };
    const url = `${await behindSocket(context, api)}/api/v1/events`;
    const got = await fetch(url, { method: 'POST', headers, body: '{"type":"a.b","data":1}' });
    assert.equal(got.status, status, await got.text());
  }
});
