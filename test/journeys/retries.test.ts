import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import {
  attemptsOf,
  type DeliveryShown,
  deliveryOf,
  failing,
  fine,
  MUCH_LATER,
  openJourney,
  ownType,
  publish,
  QUICK,
  subscribe,
} from '../support/journey.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
const { api } = hookyard;

test('a 500 is tried again as the policy says, with the same id and bytes, and every attempt can be seen', async () => {
  const type = ownType();
  const receiver = await journey.receiver([failing, failing, fine]);
  const subscription = await subscribe(hookyard, receiver.url, {
    events: [type],
    retryPolicy: { ...QUICK, maxRetries: 3 },
    authType: 'signature',
    signatureSecret: 'a secret that signs',
  });
  const { id } = await publish(hookyard, type, { a: 1 });
  const delivery = await deliveryOf(hookyard, id, ({ status }) => status === 'succeeded');
  assert.deepEqual(
    [delivery.attempts, delivery.maxAttempts, delivery.statusCode, delivery.responseBody, delivery.nextRetryAt],
    [3, 4, 200, 'OK', null],
  );
  assert.ok(delivery.closedAt);
  const attempts = await attemptsOf(hookyard, delivery.id);
  assert.deepEqual(
    attempts.map(({ n, statusCode, success, closes }) => ({ n, statusCode, success, closes })),
    [
      { n: 1, statusCode: 500, success: false, closes: null },
      { n: 2, statusCode: 500, success: false, closes: null },
      { n: 3, statusCode: 200, success: true, closes: 'succeeded' },
    ],
  );
  const [first] = attempts;
  assert.deepEqual(
    [first?.errorClass, first?.responseBody, first?.url, first?.remoteAddress],
    ['http_status', 'broken', receiver.url, '127.0.0.1'],
  );
  assert.ok(first?.error && first.remedy && first.phases && first.phases.total >= 0);
  assert.deepEqual(
    receiver.requests.map(({ headers }) => headers['hookyard-attempt']),
    ['1', '2', '3'],
  );
  assert.equal(new Set(receiver.requests.map(({ headers }) => headers['x-stella-delivery'])).size, 1);
  assert.equal(new Set(receiver.requests.map(({ rawBody }) => rawBody.toString())).size, 1);
  assert.equal(attempts[0]?.requestBody, receiver.requests[0]?.rawBody.toString());
  const listed = await api<DeliveryShown[]>(
    'GET',
    `/api/v1/webhook-subscriptions/${subscription}/deliveries?page=1&pageSize=20`,
  );
  assert.deepEqual(listed.data, [delivery]);
  assert.equal(delivery.eventKind, type);
  assert.equal(delivery.method, 'POST');
});

test('a delivery whose tries are used up has failed for good', async () => {
  const type = ownType();
  const receiver = await journey.receiver(failing);
  await subscribe(hookyard, receiver.url, { events: [type], retryPolicy: { ...QUICK, maxRetries: 1 } });
  const { id } = await publish(hookyard, type);
  const delivery = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
  assert.deepEqual([delivery.status, delivery.attempts, delivery.code], ['failed_permanent', 2, 'http_5xx']);
  assert.equal(receiver.requests.length, 2);
});

for (const { name, fields, answer, status, code, error, remedy } of [
  {
    name: 'ended by its receiver',
    fields: { profile: 'standard' },
    answer: { ...failing, headers: { 'webhook-delivery': 'abort-message' } },
    ...{ status: 'failed_permanent', code: 'http_5xx' },
    error: /^The receiver failed with 500.* It asked for no more: webhook-delivery: abort-message\.$/,
    remedy: / If `abort-message` was a mistake, redeliver it\.$/,
  },
  {
    name: 'given up for its age',
    fields: { retryPolicy: { ...MUCH_LATER, maxAgeSeconds: 60 } },
    answer: failing,
    ...{ status: 'expired', code: 'http_5xx' },
    error: / Given up: the next try would come after the maximum age of 60 s\.$/,
    remedy: / Redeliver it when the receiver is back, or raise `maxAgeSeconds` above 60\.$/,
  },
  {
    name: 'of a policy that does not name the failure',
    fields: {},
    answer: { ...failing, status: 429 },
    ...{ status: 'failed_permanent', code: 'http_429' },
    error: /^The receiver asks to slow down \(429\)\.$/,
    remedy: /put `429` into `retryOn` of its `retryPolicy`\.$/,
  },
]) {
  test(`a delivery ${name} says so in its words`, async () => {
    const type = ownType();
    const receiver = await journey.receiver(answer);
    await subscribe(hookyard, receiver.url, { events: [type], ...fields });
    const { id } = await publish(hookyard, type);
    const delivery = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
    assert.deepEqual([delivery.status, delivery.code, delivery.attempts], [status, code, 1]);
    assert.match(delivery.error ?? '', error);
    assert.match(delivery.remedy ?? '', remedy);
  });
}

test('while it waits for its next try a delivery says when that is', async () => {
  const type = ownType();
  const receiver = await journey.receiver(failing);
  await subscribe(hookyard, receiver.url, { events: [type], retryPolicy: MUCH_LATER });
  const { id } = await publish(hookyard, type);
  const delivery = await deliveryOf(hookyard, id, ({ attempts }) => attempts === 1);
  assert.equal(delivery.status, 'failed_retry');
  assert.ok(delivery.nextRetryAt);
  const waitMs = Date.parse(delivery.nextRetryAt) - Date.parse(delivery.createdAt);
  assert.ok(waitMs > 3_500_000 && waitMs < 3_700_000, `${waitMs} ms`);
  const open = await api<DeliveryShown[]>('GET', '/api/v1/deliveries?status=undelivered&pageSize=200');
  assert.ok(open.data.some((shown) => shown.id === delivery.id));
});

for (const status of [400, 404, 410, 429]) {
  test(`a ${status} is final`, async () => {
    const type = ownType();
    const receiver = await journey.receiver({ kind: 'status', status });
    const subscription = await subscribe(hookyard, receiver.url, {
      events: [type],
      retryPolicy: { ...QUICK, maxRetries: 3 },
    });
    const { id } = await publish(hookyard, type);
    const delivery = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
    assert.deepEqual([delivery.status, delivery.attempts], ['failed_permanent', 1]);
    assert.deepEqual([delivery.statusCode, delivery.errorClass], [status, 'http_status']);
    assert.ok(delivery.error && delivery.cause && delivery.remedy);
    const shown = await api('GET', `/api/v1/webhook-subscriptions/${subscription}`);
    assert.deepEqual([shown.data.enabled, shown.data.consecutiveFailures, shown.data.lastStatus], [true, 1, status]);
  });
}

test('410 switches a subscription of the standard profile off', async () => {
  const type = ownType();
  const receiver = await journey.receiver({ kind: 'status', status: 410 });
  const subscription = await subscribe(hookyard, receiver.url, { events: [type], profile: 'standard' });
  await publish(hookyard, type);
  const shown = await eventually('the disabling', async () => {
    const { data } = await api('GET', `/api/v1/webhook-subscriptions/${subscription}`);
    return data.state === 'disabled' ? data : null;
  });
  assert.deepEqual([shown.enabled, shown.disabledReason], [true, 'gone']);
  assert.equal((await publish(hookyard, type)).deliveries, 0);
});

test('a redirect is retried under seed policy but never followed', async () => {
  const type = ownType();
  const elsewhere = await journey.receiver();
  const receiver = await journey.receiver([
    { kind: 'status', status: 307, headers: { location: elsewhere.url } },
    fine,
  ]);
  await subscribe(hookyard, receiver.url, { events: [type], retryPolicy: { ...QUICK, maxRetries: 1 } });
  const { id } = await publish(hookyard, type);
  const delivery = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
  assert.deepEqual([delivery.status, delivery.attempts], ['succeeded', 2]);
  assert.equal(elsewhere.requests.length, 0);
});

/** Leaves time for the connection; on a machine that stood still meanwhile another event is sent. */
const HURRIED = { errorClass: 'timeout_headers', timeout: 1500 } as const;
const PATIENT_MS = 20_000;
const BROKEN_RECEIVERS = [
  { name: 'never answers', script: { kind: 'hang' }, ...HURRIED },
  { name: 'drips its headers', script: { kind: 'header_drip', everyMs: 20 }, ...HURRIED },
  {
    name: 'breaks the connection off',
    script: { kind: 'reset', when: 'before_answer' },
    ...{ errorClass: 'reset', timeout: PATIENT_MS },
  },
  {
    name: 'speaks something else',
    script: { kind: 'raw', bytes: 'SSH-2.0-x\r\n', thenClose: true },
    ...{ errorClass: 'protocol', timeout: PATIENT_MS },
  },
] as const;

describe('a receiver that', { concurrency: true }, () => {
  for (const { name, script, errorClass, timeout } of BROKEN_RECEIVERS) {
    test(`${name} is named so, and its delivery ends when its tries do`, async () => {
      const type = ownType();
      const receiver = await journey.receiver(script);
      await subscribe(hookyard, receiver.url, { events: [type], timeout, retryPolicy: { ...QUICK, maxRetries: 1 } });
      const delivery = await eventually('a delivery of which each try arrived', async (saw) => {
        const before = receiver.requests.length;
        const { id } = await publish(hookyard, type);
        const closed = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
        saw(closed);
        return receiver.requests.length - before === closed.attempts ? closed : null;
      });
      assert.deepEqual([delivery.status, delivery.attempts, delivery.errorClass], ['failed_permanent', 2, errorClass]);
      assert.equal((await attemptsOf(hookyard, delivery.id)).length, 2);
    });
  }
});
