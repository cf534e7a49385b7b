import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  attemptsOf,
  type DeliveryShown,
  deliveryOf,
  failing,
  fine,
  MUCH_LATER,
  openJourney,
  ownType,
  patch,
  publish,
  QUICK,
  subscribe,
} from '../support/journey.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
const { api } = hookyard;

test('a test is answered at once with what the receiver said', async () => {
  const receiver = await journey.receiver([fine, failing, { kind: 'hang' }]);
  const subscription = await subscribe(hookyard, receiver.url, {
    events: ['nothing.else'],
    retryPolicy: { ...QUICK, maxRetries: 3 },
  });
  const ask = () =>
    api('POST', `/api/v1/webhook-subscriptions/${subscription}/test`, { event: 'deployment.completed' });
  const good = await ask();
  assert.equal(good.status, 200, good.text);
  assert.deepEqual([good.data.statusCode, good.data.response, good.data.success], [200, 'OK', true]);
  assert.equal(typeof good.data.responseTime, 'number');
  const sent = receiver.requests[0];
  assert.equal(sent?.headers['x-stella-delivery'], good.data.deliveryId);
  assert.equal(JSON.parse(sent?.rawBody.toString() ?? '{}').data.deploymentJob.status, 'completed');
  const bad = await ask();
  assert.deepEqual(
    [bad.status, bad.data.statusCode, bad.data.success, bad.data.errorClass],
    [200, 500, false, 'http_status'],
  );
  await patch(hookyard, subscription, { timeout: 1500 });
  const silent = await ask();
  assert.deepEqual(
    [silent.data.statusCode, silent.data.success, silent.data.errorClass],
    [null, false, 'timeout_headers'],
  );
  assert.ok(silent.data.remedy);
  const { data } = await api<DeliveryShown[]>('GET', `/api/v1/webhook-subscriptions/${subscription}/deliveries`);
  assert.deepEqual(
    data.map(({ kind, status, attempts }) => `${kind} ${status} ${attempts}`),
    ['test failed_permanent 1', 'test failed_permanent 1', 'test succeeded 1'],
  );
  assert.equal((await api('GET', `/api/v1/webhook-subscriptions/${subscription}`)).data.consecutiveFailures, 0);
});

test('a test with an event type that has no sample is refused with those that have', async () => {
  const receiver = await journey.receiver();
  const subscription = await subscribe(hookyard, receiver.url, { events: ['nothing.else'] });
  const path = `/api/v1/webhook-subscriptions/${subscription}/test`;
  const { status, problem } = await api('POST', path, { event: 'no.such' });
  assert.deepEqual([status, problem.code, problem.errors?.[0]?.pointer], [400, 'validation_failed', '/event']);
  assert.match(problem.errors?.[0]?.message ?? '', /deployment\.completed/);
  assert.equal(receiver.requests.length, 0);
});

test('a redelivery sends the same data under a new delivery id and a fresh time, and points back', async () => {
  const type = ownType();
  const receiver = await journey.receiver([{ kind: 'status', status: 404 }, fine]);
  const fields = { events: [type], authType: 'signature', signatureSecret: 'a secret that signs' };
  const subscription = await subscribe(hookyard, receiver.url, fields);
  const { id } = await publish(hookyard, type, { n: 1.5 });
  const failed = await deliveryOf(hookyard, id, ({ status }) => status === 'failed_permanent');
  const answer = await api<{ deliveryId: string; redeliverOf: string }>(
    'POST',
    `/api/v1/deliveries/${failed.id}/redeliver`,
  );
  assert.equal(answer.status, 202, answer.text);
  assert.equal(answer.data.redeliverOf, failed.id);
  const again = await deliveryOf(
    hookyard,
    id,
    (shown) => shown.id === answer.data.deliveryId && shown.closedAt !== null,
  );
  assert.deepEqual(
    [again.status, again.kind, again.redeliverOf, again.attempts],
    ['succeeded', 'redelivery', failed.id, 1],
  );
  const [before, after] = receiver.requests.map(({ rawBody }) => JSON.parse(rawBody.toString()));
  assert.deepEqual(after.data, before.data);
  assert.notEqual(after.id, before.id);
  assert.equal(after.id, again.id);
  assert.ok(after.timestamp > before.timestamp, `${after.timestamp} after ${before.timestamp}`);
  assert.equal(receiver.requests[1]?.headers['webhook-id'], id);
  const unchanged = await api<DeliveryShown>('GET', `/api/v1/deliveries/${failed.id}`);
  assert.deepEqual(unchanged.data, failed);
  const { data } = await api<DeliveryShown[]>('GET', `/api/v1/webhook-subscriptions/${subscription}/deliveries`);
  assert.deepEqual(
    data.map((shown) => shown.id),
    [again.id, failed.id],
  );
});

test('an open delivery can be cancelled once, and is not tried again', async () => {
  const type = ownType();
  const receiver = await journey.receiver(failing);
  await subscribe(hookyard, receiver.url, { events: [type], retryPolicy: MUCH_LATER });
  const { id } = await publish(hookyard, type);
  const open = await deliveryOf(hookyard, id, ({ attempts }) => attempts === 1);
  const cancelled = await api<DeliveryShown>('POST', `/api/v1/deliveries/${open.id}/cancel`);
  assert.deepEqual([cancelled.status, cancelled.data.status, cancelled.data.nextRetryAt], [200, 'cancelled', null]);
  assert.deepEqual([cancelled.data.attempt, cancelled.data.attempts], [1, 1]);
  assert.match(cancelled.data.error ?? '', /^Not sent again after try 1: cancelled by key /);
  const attempts = await attemptsOf(hookyard, open.id);
  assert.deepEqual(
    attempts.map(({ n, sent, closes }) => `${n} ${sent} ${closes}`),
    ['1 true null', '2 false cancelled'],
  );
  const again = await api('POST', `/api/v1/deliveries/${open.id}/cancel`);
  assert.deepEqual([again.status, again.problem.code], [409, 'delivery_closed']);
  assert.equal(receiver.requests.length, 1);
});

test('a delivery that is cancelled while a try is under way says that it may have arrived', async () => {
  const type = ownType();
  const receiver = await journey.receiver({ kind: 'hang' });
  await subscribe(hookyard, receiver.url, { events: [type], timeout: 20_000 });
  const { id } = await publish(hookyard, type);
  await receiver.waitFor((requests) => requests.length === 1);
  const open = await deliveryOf(hookyard, id, () => true);
  const { data } = await api<DeliveryShown>('POST', `/api/v1/deliveries/${open.id}/cancel`);
  assert.match(data.error ?? '', /^Not sent but for try 1, which may have arrived: cancelled by key /);
  const [attempt] = await attemptsOf(hookyard, open.id);
  assert.deepEqual([attempt?.n, attempt?.mayRepeat, attempt?.closes], [1, true, 'cancelled']);
});

test('deliveries are listed in pages that together hold each one once', async () => {
  const type = ownType();
  const receiver = await journey.receiver();
  const subscription = await subscribe(hookyard, receiver.url, { events: [type] });
  const published: string[] = [];
  for (let n = 0; n < 7; n++) published.push((await publish(hookyard, type, { n })).id);
  await receiver.waitFor((requests) => requests.length === 7);
  const path = `/api/v1/webhook-subscriptions/${subscription}/deliveries`;
  const byPage: string[] = [];
  for (let page = 1; page <= 3; page++) {
    const { data } = await api<DeliveryShown[]>('GET', `${path}?page=${page}&pageSize=3`);
    byPage.push(...data.map(({ eventId }) => eventId));
  }
  const byCursor: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { data, meta }: Awaited<ReturnType<typeof api<DeliveryShown[]>>> = await api(
      'GET',
      `${path}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    byCursor.push(...data.map(({ eventId }) => eventId));
    cursor = meta.nextCursor;
  }
  const last = await api<DeliveryShown[]>('GET', `${path}?page=3&pageSize=3`);
  const back = last.data.map(({ eventId }) => eventId);
  for (let cursor = last.meta.prevCursor; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof api<DeliveryShown[]>>> = await api('GET', `${path}?limit=2&cursor=${cursor}`);
    back.unshift(...page.data.map(({ eventId }) => eventId));
    cursor = page.meta.prevCursor;
  }
  assert.deepEqual([...byPage].sort(), [...published].sort());
  assert.deepEqual(byCursor, byPage);
  assert.deepEqual(back, byPage);
});
