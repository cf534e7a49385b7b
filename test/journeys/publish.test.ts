import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { sampleEvents } from '../../src/core/sample-events.ts';
import { deliveryOf, openJourney, publish, subscribe } from '../support/journey.ts';
import { startNameServer } from '../support/name-server.ts';
import type { Received } from '../support/receiver.ts';

const PYTHON_VERIFIER = fileURLToPath(new URL('./verify_stella.py', import.meta.url));
const SECRET = 'my-secret-key';
/** The request body that the design shows for registering a subscription. */
const SUBSCRIPTION = {
  name: 'Deployment Notifications',
  url: 'https://api.example.com/webhooks/stella',
  method: 'POST',
  authType: 'signature',
  signatureSecret: SECRET,
  events: ['deployment.started', 'deployment.completed', 'deployment.failed'],
  filters: [{ field: 'data.environment.name', operator: 'equals', value: 'production' }],
  retryPolicy: { maxRetries: 3, backoffType: 'exponential', backoffSeconds: 10 },
  timeout: 30000,
};

const names = await startNameServer({});
after(names.close);
const journey = await openJourney({ env: names.env });
after(journey.close);
const { hookyard } = journey;

function verifyInPython(received: Received, secret: string): { status: number | null; said: string } {
  const input = JSON.stringify({ body: received.rawBody.toString('base64'), headers: received.headers, secret });
  const { error, status, stdout, stderr } = spawnSync('python3', [PYTHON_VERIFIER], { input, encoding: 'utf8' });
  assert.equal(error, undefined, 'this test needs python3');
  return { status, said: (stdout + stderr).trim() };
}

function first(requests: readonly Received[]): Received {
  const [received] = requests;
  assert.ok(received, 'a request arrived');
  return received;
}

function header(received: Received, name: string): string {
  const value = received.headers[name];
  assert.equal(typeof value, 'string', name);
  return String(value);
}

test('the documented subscription as it stands is refused with a hint where its name does not resolve', async () => {
  const { status, headers, problem } = await hookyard.api('POST', '/api/v1/webhook-subscriptions', SUBSCRIPTION);
  assert.equal(status, 400);
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(problem.code, 'url_unresolved');
  assert.deepEqual(
    problem.errors?.map(({ pointer }) => pointer),
    ['/url'],
  );
  assert.match(problem.detail, /api\.example\.com does not resolve/);
  assert.match(problem.remedy, /spelling/);
});

test('the documented subscription gets the events it asks for, signed so that its own verifier accepts them', async () => {
  const receiver = await journey.receiver();
  const made = await hookyard.api('POST', '/api/v1/webhook-subscriptions', {
    ...SUBSCRIPTION,
    url: `${receiver.url}/webhooks/stella`,
  });
  assert.equal(made.status, 201, made.text);
  const { signatureSecret: _given, ...shown } = { ...SUBSCRIPTION, url: `${receiver.url}/webhooks/stella` };
  for (const [name, value] of Object.entries(shown)) {
    if (name !== 'retryPolicy') assert.deepEqual(made.data[name], value, name);
  }
  assert.ok(!made.text.includes(SECRET));
  const data = sampleEvents['deployment.completed'];
  const accepted = await publish(hookyard, 'deployment.completed', data);
  assert.equal(accepted.deliveries, 1);
  await receiver.waitFor((requests) => requests.length === 1);
  const received = first(receiver.requests);
  const payload = JSON.parse(received.rawBody.toString());
  const delivery = await deliveryOf(hookyard, accepted.id, ({ status }) => status === 'succeeded');

  assert.equal(received.method, 'POST');
  assert.equal(received.path, '/webhooks/stella');
  assert.equal(header(received, 'content-type'), 'application/json');
  assert.deepEqual(Object.keys(payload), ['id', 'timestamp', 'event', 'tenantId', 'data']);
  assert.deepEqual(payload.data, data);
  assert.equal(payload.event, 'deployment.completed');
  assert.equal(payload.id, delivery.id);
  assert.equal(header(received, 'x-stella-event'), 'deployment.completed');
  assert.equal(header(received, 'x-stella-delivery'), delivery.id);
  assert.equal(header(received, 'x-stella-timestamp'), payload.timestamp);
  assert.equal(header(received, 'webhook-id'), accepted.id);
  assert.equal(header(received, 'hookyard-delivery'), delivery.id);
  assert.equal(header(received, 'hookyard-attempt'), '1');
  assert.equal(header(received, 'hookyard-idempotency-key'), delivery.idempotencyKey);
  assert.equal(delivery.body, received.rawBody.toString());
  assert.deepEqual(verifyInPython(received, SECRET), { status: 0, said: 'verified deployment.completed' });
  assert.deepEqual(verifyInPython(received, 'another-key'), { status: 1, said: 'Invalid signature' });
});

test('a filter keeps out what it does not want, and an event type that was not asked for stays away', async () => {
  const receiver = await journey.receiver();
  await subscribe(hookyard, receiver.url, { events: SUBSCRIPTION.events, filters: SUBSCRIPTION.filters });
  await subscribe(hookyard, receiver.url, { events: ['release.*'] });
  const wanted = { ...sampleEvents['deployment.started'], name: 'wanted' };
  const staging = { ...wanted, environment: { id: wanted.environment.id, name: 'staging' } };
  const before = await publish(hookyard, 'deployment.started', wanted);
  assert.equal((await publish(hookyard, 'deployment.started', staging)).deliveries, before.deliveries - 2);
  assert.equal((await publish(hookyard, 'promotion.requested', wanted)).deliveries, 0);
  await publish(hookyard, 'release.created', sampleEvents['release.created']);
  await receiver.waitFor((requests) => requests.length === 2);
  assert.deepEqual(receiver.requests.map((received) => header(received, 'x-stella-event')).sort(), [
    'deployment.started',
    'release.created',
  ]);
});

test('the standard profile is accepted by the reference library of Standard Webhooks', async () => {
  const receiver = await journey.receiver();
  const made = await hookyard.api<{ signatureSecret: string }>('POST', '/api/v1/webhook-subscriptions', {
    name: 'standard',
    url: receiver.url,
    profile: 'standard',
    events: ['verified.*'],
  });
  assert.equal(made.status, 201, made.text);
  const { signatureSecret } = made.data;
  const { id } = await publish(hookyard, 'verified.once', { text: 'Grüße, 世界' });
  await receiver.waitFor((requests) => requests.length === 1);
  const received = first(receiver.requests);
  const signed = {
    'webhook-id': header(received, 'webhook-id'),
    'webhook-timestamp': header(received, 'webhook-timestamp'),
    'webhook-signature': header(received, 'webhook-signature'),
  };
  const payload = new Webhook(signatureSecret).verify(received.rawBody.toString(), signed);
  assert.deepEqual(JSON.parse(received.rawBody.toString()), payload);
  assert.equal(signed['webhook-id'], id);
  assert.throws(() => new Webhook(signatureSecret).verify(`${received.rawBody} `, signed), /No matching signature/);
  assert.equal(received.headers['x-stella-event'], undefined);
});

test('the same stella delivery also satisfies the reference library, when its secret is one', async () => {
  const receiver = await journey.receiver();
  const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
  await subscribe(hookyard, receiver.url, { authType: 'signature', signatureSecret: secret, events: ['both.ways'] });
  await publish(hookyard, 'both.ways', {});
  await receiver.waitFor((requests) => requests.length === 1);
  const received = first(receiver.requests);
  const body = received.rawBody.toString();
  assert.deepEqual(new Webhook(secret).verify(body, received.headers as Record<string, string>), JSON.parse(body));
  assert.equal(verifyInPython(received, secret).said, 'verified both.ways');
});

const EXACT_DATA = [
  ['a number with a trailing zero', '{"ratio": 1.0, "again": 1.50}'],
  ['integers beyond doubles', '{"build":12345678901234567890123,"small":-0}'],
  ['exponents', '[1e2,1E+2,0.1e-7]'],
  ['keys that are not sorted, and one that looks like an index', '{"b":1,"a":2,"10":3,"2":4}'],
  ['escapes as written', String.raw`{"text":"\u00e9\ud83d\ude00\/\u0041\t"}`],
  ['spaces and line breaks', '{ "a" :\n\t[ 1 ,2 ]\r\n}'],
  ['names that are special elsewhere', '{"__proto__":{"x":1},"constructor":null}'],
  ['a repeated name inside', '{"a":{"b":1,"b":2}}'],
  ['a bare text', '"just a text"'],
  ['nothing at all', 'null'],
] as const;

test('data reaches the receiver byte for byte as it was given', async () => {
  const receiver = await journey.receiver();
  await subscribe(hookyard, receiver.url, { events: ['exact.data'], maxConcurrency: 1 });
  const sent = new Map<string, string>();
  for (const [, data] of EXACT_DATA) {
    const body = `{"data": ${data} , "type":"exact.data"}`;
    const accepted = await hookyard.api<{ id: string }>('POST', '/api/v1/events', body);
    assert.equal(accepted.status, 202, accepted.text);
    sent.set(accepted.data.id, data);
  }
  await receiver.waitFor((requests) => requests.length === EXACT_DATA.length);
  for (const { headers, rawBody } of receiver.requests) {
    const eventId = (
      await hookyard.api<{ eventId: string }>('GET', `/api/v1/deliveries/${headers['hookyard-delivery']}`)
    ).data.eventId;
    const data = sent.get(eventId);
    assert.ok(rawBody.toString().endsWith(`,"data":${data}}`), `${rawBody} holds ${data}`);
    const shown = await hookyard.api('GET', `/api/v1/events/${eventId}`);
    assert.ok(shown.text.includes(`"data":${data}`), `${shown.text} shows ${data}`);
  }
});

test('the same id and body again counts once, another body under it is refused', async () => {
  const receiver = await journey.receiver();
  await subscribe(hookyard, receiver.url, { events: ['counted.once'], maxConcurrency: 1 });
  const event = { type: 'counted.once', id: 'build-77', data: { build: 77 } };
  const accepted = await hookyard.api('POST', '/api/v1/events', event);
  assert.equal(accepted.status, 202);
  const again = await hookyard.api('POST', '/api/v1/events', event);
  assert.deepEqual([again.status, again.data], [200, { ...accepted.data, duplicate: true }]);
  const other = await hookyard.api('POST', '/api/v1/events', { ...event, data: { build: 78 } });
  assert.deepEqual([other.status, other.problem.code], [422, 'idempotency_mismatch']);
  await publish(hookyard, 'counted.once', { last: true });
  await receiver.waitFor((requests) => requests.some(({ rawBody }) => rawBody.includes('"last":true')));
  assert.equal(receiver.requests.length, 2);
});

test('a receiver that accepts PUT, basic authentication and own headers gets them', async () => {
  const receiver = await journey.receiver();
  await subscribe(hookyard, receiver.url, {
    method: 'PUT',
    authType: 'basic',
    basicUsername: 'ada',
    basicPassword: 'p:ss wörd',
    headers: { 'X-Team': 'release', 'Content-Type': 'application/vnd.release+json' },
    events: ['put.it'],
  });
  await publish(hookyard, 'put.it', {}, { headers: { 'X-Build': '77' } });
  await receiver.waitFor((requests) => requests.length === 1);
  const { method, headers } = first(receiver.requests);
  assert.equal(method, 'PUT');
  assert.equal(headers.authorization, `Basic ${Buffer.from('ada:p:ss wörd').toString('base64')}`);
  assert.equal(headers['x-team'], 'release');
  assert.equal(headers['x-build'], '77');
  assert.equal(headers['content-type'], 'application/vnd.release+json');
  assert.equal(headers['x-stella-signature'], undefined);
  assert.equal(headers['webhook-signature'], undefined);
});
