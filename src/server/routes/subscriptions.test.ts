import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Got, openApi, receiverAnswer, type TestApi } from '../../../test/support/api.ts';
import { NO_HEALTH } from '../../core/health.ts';

const BASE = '/api/v1/webhook-subscriptions';

/** The request of seed 001, as it stands there. */
const seed = {
  name: 'Deployment Notifications',
  url: 'https://api.example.com/webhooks/stella',
  method: 'POST',
  authType: 'signature',
  signatureSecret: 'my-secret-key',
  events: ['deployment.started', 'deployment.completed', 'deployment.failed'],
  filters: [{ field: 'data.environment.name', operator: 'equals', value: 'production' }],
  retryPolicy: { maxRetries: 3, backoffType: 'exponential', backoffSeconds: 10 },
  timeout: 30_000,
};

function create(api: TestApi, more: Record<string, unknown> = {}): Promise<Got> {
  return api.call('POST', BASE, { ...seed, ...more });
}

function pointers({ json }: Got): string[] {
  return (json.errors ?? []).map(({ pointer }: { pointer: string }) => pointer).sort();
}

test("seed 001's request is accepted as it stands and shown without its secret", async () => {
  const api = await openApi();
  const made = await create(api);
  assert.equal(made.status, 201);
  assert.equal(made.headers.get('etag'), '"1"');
  assert.equal(made.headers.get('location'), `${BASE}/${made.json.data.id}`);
  const { retryPolicy, ...plain } = seed;
  const { signatureSecret, ...shown } = plain;
  assert.deepEqual({ ...made.json.data, ...shown }, made.json.data);
  assert.deepEqual({ ...made.json.data.retryPolicy, ...retryPolicy }, made.json.data.retryPolicy);
  assert.equal(made.json.data.hasSignatureSecret, true);
  for (const { text } of [made, await api.call('GET', BASE)]) assert.doesNotMatch(text, new RegExp(signatureSecret));
});

test('a generated secret is shown once', async () => {
  const api = await openApi();
  const made = await create(api, { signatureSecret: undefined });
  const secret = made.json.data.signatureSecret;
  assert.match(secret, /^whsec_/);
  const got = await api.call('GET', `${BASE}/${made.json.data.id}`);
  assert.equal(got.json.data.hasSignatureSecret, true);
  assert.doesNotMatch(got.text, /whsec_/);
});

test('credentials and unknown header values never come back', async () => {
  const api = await openApi();
  const { signatureSecret: _secret, ...bare } = seed;
  for (const auth of [
    { authType: 'basic', basicUsername: 'ada', basicPassword: 'canary-password' },
    { authType: 'basic', basicUsername: 'canary-key', basicPassword: '' },
    { authType: 'bearer', bearerToken: 'canary-token' },
    { authType: 'header', authHeader: { name: 'X-Key', value: 'canary-value' } },
  ]) {
    const made = await api.call('POST', BASE, { ...bare, ...auth, headers: { 'X-Other': 'canary-header' } });
    assert.ok(made.status === 201 && !made.text.includes('canary'), made.text);
  }
});

test('everything wrong with a subscription is named at once', async () => {
  const api = await openApi();
  const got = await api.call('POST', BASE, {
    name: '',
    url: 7,
    method: 'GET',
    events: 'all',
    timeout: 60_001,
    enabled: 'yes',
    colour: 'red',
    retryPolicy: { maxRetries: -1, jitter: 2, foo: 1, retryOn: ['6xx'] },
    rateLimit: { count: 0, seconds: 1.5, burst: 1 },
    ordered: 'yes',
    autoDisableThreshold: 0,
    authHeader: { value: 'a' },
    filters: [{ field: 'data.a', operator: 'is', value: 1, more: 1 }],
  });
  assert.deepEqual([got.status, got.json.code], [400, 'validation_failed']);
  assert.deepEqual(pointers(got), [
    '/authHeader/name',
    '/autoDisableThreshold',
    '/colour',
    '/enabled',
    '/events',
    '/filters/0/more',
    '/filters/0/operator',
    '/method',
    '/name',
    '/ordered',
    '/rateLimit/burst',
    '/rateLimit/count',
    '/rateLimit/seconds',
    '/retryPolicy/foo',
    '/retryPolicy/jitter',
    '/retryPolicy/maxRetries',
    '/retryPolicy/retryOn',
    '/timeout',
    '/url',
  ]);
});

test('what fields mean together is checked too', async () => {
  const api = await openApi();
  const equals = (value: string) => ({ field: 'data.env', operator: 'equals', value });
  const cases: [changes: Record<string, unknown>, pointer: string][] = [
    [{ headers: { 'X-A': 'one\r\nX-B: two' } }, '/headers/X-A'],
    [{ headers: { 'X-A\r\nX-B': 'two' } }, '/headers/X-A\r\nX-B'],
    [{ headers: { 'Content-Length': '1' } }, '/headers/Content-Length'],
    [{ headers: { 'Hookyard-Sequence': '1' } }, '/headers/Hookyard-Sequence'],
    [{ rateLimit: { count: 10_001, seconds: 60 } }, '/rateLimit/count'],
    [{ rateLimit: { count: 1, seconds: 3601 } }, '/rateLimit/seconds'],
    [{ rateLimit: { count: 1 } }, '/rateLimit/seconds'],
    [{ rateLimit: 5 }, '/rateLimit'],
    [{ ordered: null }, '/ordered'],
    [{ autoDisableThreshold: 1_000_001 }, '/autoDisableThreshold'],
    [{ headers: { 'X-Stella-Event': 'a' } }, '/headers/X-Stella-Event'],
    [{ filters: [{ field: '$..a', operator: 'equals', value: 1 }] }, '/filters/0/field'],
    [{ filters: [{ field: '$.a[?@.b==1]', operator: 'equals', value: 1 }] }, '/filters/0/field'],
    [{ filters: [{ field: '$.a', operator: 'matches', value: '(' }] }, '/filters/0/value'],
    [{ filters: [{ field: '$.a', operator: 'matches', value: '(?=a)' }] }, '/filters/0/value'],
    [{ filters: [equals('staging'), equals('production')] }, '/filters/1/value'],
    [{ events: ['a..b'] }, '/events/0'],
    [{ owner: 'org' }, '/owner'],
    [{ bearerToken: 'abc' }, '/bearerToken'],
    [{ authType: 'bearer', signatureSecret: undefined }, '/bearerToken'],
    [{ retryPolicy: { backoffType: 'schedule' } }, '/retryPolicy/scheduleSeconds'],
  ];
  for (const [changes, pointer] of cases) {
    const got = await create(api, changes);
    assert.deepEqual([got.status, pointers(got)], [400, [pointer]], JSON.stringify(changes));
  }
  assert.deepEqual((await api.call('GET', BASE)).json.data, []);
});

test('a URL that may not be reached is refused with the reason at /url', async () => {
  const api = await openApi();
  const internal = await create(api, { url: 'https://db.internal/' });
  assert.deepEqual([internal.status, internal.json.code, pointers(internal)], [400, 'url_refused', ['/url']]);
  const typo = await create(api, { url: 'https://api.exmaple.invalid/' });
  assert.deepEqual([typo.status, typo.json.code], [400, 'url_unresolved']);
});

test('a header named like a member of every object is stored as it was sent', async () => {
  const api = await openApi();
  const made = await create(api, {});
  const path = `${BASE}/${made.json.data.id}`;
  const headers = { constructor: 'a', 'X-A': 'b' };
  const got = await api.call('PATCH', path, { headers });
  assert.deepEqual(Object.keys(got.json.data.headers), ['constructor', 'X-A']);
});

test('GET, change, PATCH works: what is sent back unchanged is left alone', async () => {
  const api = await openApi();
  const made = await create(api, { headers: { 'X-Secret': 'canary', Accept: '*/*' } });
  const path = `${BASE}/${made.json.data.id}`;
  const shown = (await api.call('GET', path)).json.data;
  const got = await api.call('PATCH', path, { ...shown, name: 'Renamed' }, { headers: { 'If-Match': '"1"' } });
  assert.deepEqual([got.status, got.json.data.name, got.headers.get('etag')], [200, 'Renamed', '"2"']);
  const headers = { ...shown.headers, 'X-New': 'b' };
  assert.equal((await api.call('PATCH', path, { ...got.json.data, headers })).status, 200);
  const { subscriptions } = await api.ports.configuration.of('01900000-0000-7000-8000-000000000001');
  const config = subscriptions.get(shown.id)?.config;
  assert.deepEqual(config?.headers, { 'X-Secret': 'canary', Accept: '*/*', 'X-New': 'b' });
  assert.deepEqual(config?.signatureSecrets, ['my-secret-key']);
});

test('rate, order and threshold are set, shown, sent back, changed and taken away again', async () => {
  const api = await openApi();
  const traffic = ({ rateLimit, ordered, autoDisableThreshold }: Record<string, unknown>) => [
    rateLimit,
    ordered,
    autoDisableThreshold,
  ];
  const rateLimit = { count: 10_000, seconds: 3600 };
  const made = await create(api, { rateLimit, ordered: true, autoDisableThreshold: 1_000_000 });
  assert.deepEqual(traffic(made.json.data), [rateLimit, true, 1_000_000]);
  const path = `${BASE}/${made.json.data.id}`;
  const shown = (await api.call('GET', path)).json.data;
  const same = await api.call('PATCH', path, shown);
  assert.deepEqual([same.json.data, same.headers.get('etag')], [shown, '"1"']);
  const changes = { rateLimit: null, ordered: false, autoDisableThreshold: null };
  const bare = await api.call('PATCH', path, { ...shown, ...changes });
  assert.deepEqual([traffic(bare.json.data), bare.headers.get('etag')], [[null, false, null], '"2"']);
  const set = await api.call('PATCH', path, { rateLimit: { count: 1, seconds: 1 } });
  assert.deepEqual(traffic(set.json.data), [{ count: 1, seconds: 1 }, false, null]);
  assert.deepEqual(traffic((await create(api)).json.data), [null, false, null]);
});

test('a read-only field cannot be changed, an unknown one is unknown', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await create(api)).json.data.id}`;
  const got = await api.call('PATCH', path, { version: 9, id: 'x', colour: 1, timeout: 'long' });
  assert.equal(got.status, 400);
  assert.deepEqual(pointers(got), ['/colour', '/id', '/timeout', '/version']);
  assert.equal((await api.call('PATCH', path, { version: 1 })).status, 200);
});

test('what deliveries move may have moved since it was shown', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await create(api)).json.data.id}`;
  const moved = { consecutiveFailures: 3, lastDelivery: '2026-01-01T00:00:00.000Z', lastStatus: 500 };
  const got = await api.call('PATCH', path, { name: 'two', ...moved });
  assert.deepEqual([got.status, got.json.data.name, got.json.data.lastStatus], [200, 'two', null]);
});

test('a change based on another version is 412, on what is no ETag 400', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await create(api)).json.data.id}`;
  for (const condition of ['1', 'abc', '"1", "2"', '']) {
    const headers = { 'If-Match': condition };
    for (const change of [{ name: 'x' }, undefined]) {
      const got = await api.call(change === undefined ? 'DELETE' : 'PATCH', path, change, { headers });
      assert.deepEqual([got.status, got.json.errors?.[0].pointer], [400, 'header/If-Match'], condition);
    }
  }
  for (const condition of ['"2"', 'W/"1"', '"one"', '""']) {
    const headers = { 'If-Match': condition };
    assert.equal((await api.call('PATCH', path, { name: 'x' }, { headers })).status, 412, condition);
    assert.equal((await api.call('DELETE', path, undefined, { headers })).status, 412, condition);
  }
  for (const condition of ['*', '"1"']) {
    const headers = { 'If-Match': condition };
    assert.equal((await api.call('PATCH', path, { name: seed.name }, { headers })).status, 200, condition);
  }
});

test('disabling and enabling show in state, reason and time', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await create(api)).json.data.id}`;
  const off = (await api.call('PATCH', path, { enabled: false })).json.data;
  assert.deepEqual(
    [off.enabled, off.state, off.disabledReason, off.disabledAt],
    [false, 'disabled', 'user', '2026-03-04T09:30:00.000Z'],
  );
  const on = (await api.call('POST', `${path}/enable`)).json.data;
  assert.deepEqual([on.enabled, on.state, on.disabledReason, on.disabledAt], [true, 'active', null, null]);
  assert.equal((await api.call('POST', `${path}/enable`, {})).status, 200);
});

test('enabling by a change shows that the streak is over', async () => {
  const api = await openApi();
  const { id } = (await create(api)).json.data;
  const health = { ...NO_HEALTH, consecutiveFailures: 50 };
  await api.ports.store.settle({ settlements: [], health: new Map([[id, health]]) });
  const failures = async (enabled: boolean) =>
    (await api.call('PATCH', `${BASE}/${id}`, { enabled })).json.data.consecutiveFailures;
  assert.deepEqual([await failures(false), await failures(true)], [50, 0]);
});

test('a deleted subscription is gone', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await create(api)).json.data.id}`;
  const gone = await api.call('DELETE', path);
  assert.deepEqual([gone.status, gone.text], [204, '']);
  assert.equal((await api.call('GET', path)).status, 404);
  assert.equal((await api.call('DELETE', path)).status, 404);
});

test('subscriptions are listed by owner and state', async () => {
  const api = await openApi();
  await create(api, { name: 'a', owner: 'org:7' });
  await create(api, { name: 'b', enabled: false });
  await create(api, { name: 'c', owner: 'org:7/repo:42' });
  await create(api, { name: 'd', owner: 'org:70' });
  const names = async (query: string) =>
    (await api.call('GET', `${BASE}?${query}`)).json.data.map(({ name }: { name: string }) => name);
  assert.deepEqual((await names('owner=org:7')).sort(), ['a', 'c']);
  assert.deepEqual(await names('owner=repo:42'), ['c']);
  assert.deepEqual(pointers(await api.call('GET', `${BASE}?owner=org`)), ['?owner']);
  assert.deepEqual(await names('state=disabled'), ['b']);
});

test('a test sends a sample and tells what came of it', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await create(api)).json.data.id}`;
  const good = await api.call('POST', `${path}/test`, { event: 'deployment.completed' });
  assert.equal(good.status, 200);
  const { deliveryId, statusCode, responseTime, response, success } = good.json.data;
  assert.deepEqual([statusCode, responseTime, response, success], [200, 10, 'OK', true]);
  assert.equal((await api.call('GET', `/api/v1/deliveries/${deliveryId}`)).json.data.kind, 'test');
  api.receiverAnswers(receiverAnswer(503, 'busy'));
  const bad = (await api.call('POST', `${path}/test`, { event: 'deployment.completed' })).json.data;
  assert.deepEqual([bad.success, bad.errorClass, bad.code], [false, 'http_status', 'http_5xx']);
  assert.match(bad.error, /failed with 503 after 10 ms/);
  assert.ok(bad.cause.length > 0 && bad.remedy.length > 0);
});

test('a test needs an event type that has a sample', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await create(api)).json.data.id}`;
  const got = await api.call('POST', `${path}/test`, { event: 'no.such' });
  assert.deepEqual([got.status, pointers(got)], [400, ['/event']]);
  assert.deepEqual(pointers(await api.call('POST', `${path}/test`, {})), ['/event']);
});
