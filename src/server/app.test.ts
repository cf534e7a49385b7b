import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '../../test/support/api.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { problemCodes, problemPage } from '../core/problem.ts';

test('an unknown path is a 404 problem', async () => {
  const api = await openApi();
  const got = await api.call('GET', '/api/v1/nothing');
  assert.equal(got.status, 404);
  assert.equal(got.json.code, 'not_found');
});

test('a method a path does not take is 405 and names those it takes', async () => {
  const api = await openApi();
  const got = await api.call('PUT', '/api/v1/webhook-subscriptions', {});
  assert.equal(got.status, 405);
  assert.equal(got.headers.get('allow'), 'POST, GET, HEAD');
});

test('HEAD answers like GET, without a body', async () => {
  const api = await openApi();
  const got = await api.call('HEAD', '/api/v1/events');
  assert.deepEqual([got.status, got.text], [200, '']);
});

test('a problem has every field of RFC 9457 and ours, and its instance is the request id', async () => {
  const api = await openApi();
  const { json, headers } = await api.call('GET', '/api/v1/nothing');
  assert.deepEqual(Object.keys(json), [
    'type',
    'title',
    'status',
    'detail',
    'instance',
    'success',
    'code',
    'agent_action',
    'remedy',
  ]);
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(json.instance, `urn:uuid:${headers.get('x-request-id')}`);
  assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test('a refusal names the first hundred faults, however many there are', async () => {
  const api = await openApi();
  const body = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`field${at}`, at]));
  for (const path of ['/api/v1/events', '/api/v1/webhook-subscriptions']) {
    const { status, json } = await api.call('POST', path, body);
    assert.deepEqual([status, json.errors.length], [400, 100], path);
  }
});

test('every sentence for agents begins "Tell the user", is short and holds an https URL', () => {
  for (const code of problemCodes) {
    const { agentAction } = problemPage(code);
    assert.match(agentAction, /^Tell the user .*https:\/\/\S+.*\.$/, code);
    assert.ok(agentAction.length < 280, code);
  }
});

test('every answer forbids sniffing and storing, and allows no other origin', async () => {
  const api = await openApi();
  for (const path of ['/healthz', '/api/v1/events', '/api/v1/nothing', '/api/v1/openapi.json']) {
    const { headers } = await api.call('GET', path, undefined, { headers: { Origin: 'https://evil.example' } });
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(headers.get('cache-control'), 'no-store', path);
    assert.equal(headers.get('access-control-allow-origin'), null, path);
  }
});

test('a bug is a 500 that shows nothing of itself and is logged', async () => {
  const api = await openApi();
  api.ports.store.events = () => Promise.reject(new Error('secret detail'));
  const got = await api.call('GET', '/api/v1/events');
  assert.equal(got.status, 500);
  assert.doesNotMatch(got.text, /secret detail/);
  assert.equal(api.logged.at(-1)?.event, 'http.failed');
  assert.equal(api.logged.at(-1)?.fields.requestId, got.headers.get('x-request-id'));
});

test('over the limit of requests at once the API sheds, the probes do not', async () => {
  const api = await openApi({ maxInFlight: 0 });
  const shed = await api.call('GET', '/api/v1/events');
  assert.deepEqual([shed.status, shed.json.code, shed.headers.get('retry-after')], [429, 'overloaded', '1']);
  assert.equal((await api.call('GET', '/healthz')).status, 200);
});

test('a tenant that holds half of the places waits while others are let in', async () => {
  const api = await openApi({ maxInFlight: 4 });
  const waiting = Promise.withResolvers<readonly []>();
  api.ports.store.events = () => waiting.promise;
  const list = (key: string) => api.call('GET', '/api/v1/events', undefined, { key });
  const early = [list(api.keys.admin), list(api.keys.viewer)];
  const late = await list(api.keys.admin);
  assert.deepEqual([late.status, late.json.code, late.headers.get('retry-after')], [429, 'overloaded', '1']);
  assert.match(late.json.detail, /share/);
  early.push(list(api.foreignKey));
  const { text } = await api.call('GET', '/metrics', undefined, { key: null });
  assert.match(text, /^hookyard_requests_in_flight 3$/m);
  waiting.resolve([]);
  assert.deepEqual(
    (await Promise.all(early)).map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal((await list(api.keys.admin)).status, 200);
});

test('a flood at the doors does not shut out those with a key', async () => {
  const api = await openApi({ maxInFlight: 8 });
  const { configuration } = api.ports;
  const known = await configuration.of(DEFAULT_TENANT);
  const waiting = Promise.withResolvers<typeof known>();
  api.ports.configuration = { ...configuration, of: () => waiting.promise };
  const knock = () => api.call('POST', '/api/webhook/nonsense', '{}', { key: null });
  const knocks = Array.from({ length: 10 }, knock);
  const statuses = Promise.all(knocks).then((got) => got.map(({ status }) => status));
  assert.equal((await api.call('GET', '/api/v1/events')).status, 200);
  waiting.resolve(known);
  const served = (await statuses).filter((status) => status === 404).length;
  assert.ok(served > 0 && served <= 4, `${served} of 8 places`);
});

test('bodies in memory are counted until their request is answered', async () => {
  const api = await openApi();
  const { append } = api.ports.store;
  const body = JSON.stringify({ type: 'a', data: 'x'.repeat(1000) });
  let shown = '';
  api.ports.store.append = async (request) => {
    shown = (await api.call('GET', '/metrics', undefined, { key: null })).text;
    return append(request);
  };
  assert.equal((await api.call('POST', '/api/v1/events', body)).status, 202);
  assert.match(shown, new RegExp(`^hookyard_request_bytes_in_flight ${body.length}$`, 'm'));
  const { inFlight, bytes } = api.app.server.load;
  assert.deepEqual([inFlight, bytes], [0, 0]);
});

test('readiness tells the truth, without a key', async () => {
  const api = await openApi();
  assert.equal((await api.call('GET', '/readyz', undefined, { key: null })).status, 200);
  api.readiness.value = { ready: false, checks: { store: 'does not answer' } };
  const got = await api.call('GET', '/readyz', undefined, { key: null });
  assert.deepEqual([got.status, got.json], [503, { ready: false, checks: { store: 'does not answer' } }]);
});

test('metrics count requests by route, method and status', async () => {
  const api = await openApi();
  await api.call('GET', '/api/v1/nothing');
  await api.call('GET', '/api/v1/events');
  const { text } = await api.call('GET', '/metrics', undefined, { key: null });
  assert.match(text, /hookyard_http_requests_total\{route="unknown",method="GET",status="404"\} 1/);
  assert.match(text, /hookyard_http_requests_total\{route="\/api\/v1\/events",method="GET",status="200"\} 1/);
});
