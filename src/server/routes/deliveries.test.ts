import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, receiverAnswer, type TestApi } from '../../../test/support/api.ts';
import type { HookEvent } from '../../core/event.ts';
import { DEFAULT_TENANT, idAt, shardOf } from '../../core/ids.ts';
import { deliver } from '../../flows/deliver.ts';
import type { Ticket } from '../../ports.ts';
import { LISTED_BODY_BYTES } from '../show/text.ts';

/** Names that seed 001's log and the design's list have. */
const LOG_NAMES =
  'id subscriptionId deliveryId url method headers body statusCode responseBody responseTime success attempt error createdAt'.split(
    ' ',
  );
const MORE_NAMES =
  'eventKind eventId deliveryUuid maxAttempts nextRetryAt idempotencyKey errorSummary responseHeaders responseTruncated startedAt completedAt redeliverOf status kind heldReason heldCause heldRemedy sequence attempts closedAt'.split(
    ' ',
  );

/** A subscription with one accepted event. */
async function pending(more: Record<string, unknown> = {}) {
  const api = await openApi();
  const made = await api.call('POST', '/api/v1/webhook-subscriptions', {
    name: 'all',
    url: 'https://api.example.com/hook?token=abc',
    authType: 'signature',
    ...more,
  });
  await api.call('POST', '/api/v1/events', '{"type":"a.b","data":{"n":1.50}}');
  const { data } = (await api.call('GET', '/api/v1/deliveries')).json;
  return { api, subscriptionId: made.json.data.id, id: data[0].id, path: `/api/v1/deliveries/${data[0].id}` };
}

/** Makes the try that the worker would make of what was handed over last. */
async function attempt(api: TestApi): Promise<void> {
  const { event, tickets } = api.handovers.at(-1) ?? assert.fail();
  await tried(api, { event, ticket: tickets[0] ?? assert.fail() });
}

/** Makes one try and returns the ticket it leaves open. */
async function tried(api: TestApi, { event, ticket }: { event: HookEvent; ticket: Ticket }): Promise<Ticket | null> {
  const { subscriptions } = await api.ports.configuration.of(DEFAULT_TENANT);
  const subscription = subscriptions.get(ticket.subscriptionId);
  if (!subscription?.config) throw new Error('nothing to deliver');
  const work = { ticket, event, subscription, config: subscription.config, mayRepeat: false };
  const { settlement } = await deliver(api.ports, work);
  const [outcome] = await api.ports.store.settle({ settlements: [settlement], health: new Map() });
  return outcome?.kind === 'settled' ? outcome.ticket : null;
}

test('an item has the names of seed 001 and of the design', async () => {
  const { api, subscriptionId } = await pending();
  await attempt(api);
  const { json } = await api.call(
    'GET',
    `/api/v1/webhook-subscriptions/${subscriptionId}/deliveries?page=1&pageSize=20`,
  );
  for (const name of [...LOG_NAMES, ...MORE_NAMES]) assert.ok(name in json.data[0], name);
});

test('before its first try a delivery is pending and says where it will go', async () => {
  const { api, path } = await pending();
  const { data } = (await api.call('GET', path)).json;
  assert.deepEqual(
    [data.status, data.attempts, data.attempt, data.url, data.body, data.closedAt],
    ['pending', 0, 0, 'https://api.example.com/hook?token=abc', null, null],
  );
});

test('a delivered one shows exactly the body that was sent', async () => {
  const { api, path } = await pending();
  await attempt(api);
  const { data } = (await api.call('GET', path)).json;
  assert.deepEqual([data.status, data.statusCode, data.success, data.error], ['succeeded', 200, true, null]);
  assert.equal(data.body, new TextDecoder().decode(api.sent[0]?.body));
  assert.ok(data.body.endsWith('"data":{"n":1.50}}'));
  assert.equal(data.responseBody, 'OK');
  assert.equal(data.completedAt, '2026-03-04T09:30:00.010Z');
  assert.equal(data.closedAt, data.completedAt);
});

test('lists show the beginning of each body and say so, a delivery by its id all of it', async () => {
  const { api, path, subscriptionId, id } = await pending();
  const long = 'x'.repeat(LISTED_BODY_BYTES);
  api.advance(1);
  await api.call('POST', '/api/v1/events', { type: 'a.b', data: long });
  api.receiverAnswers(receiverAnswer(200, `${long}!`));
  await attempt(api);
  const { data } = (await api.call('GET', '/api/v1/deliveries')).json;
  const [listed, short] = data;
  const cut = [LISTED_BODY_BYTES, true, LISTED_BODY_BYTES, true];
  assert.deepEqual(bodiesOf(listed), cut);
  assert.deepEqual([short.id, short.bodyTruncated, short.responseTruncated], [id, false, false]);
  const ofSubscription = await api.call('GET', `/api/v1/webhook-subscriptions/${subscriptionId}/deliveries`);
  assert.deepEqual(bodiesOf(ofSubscription.json.data[0]), cut);
  const event = await api.call('GET', `/api/v1/events/${listed.eventId}`);
  assert.deepEqual(bodiesOf(event.json.data.deliveries[0]), cut);
  const one = (await api.call('GET', path.replace(id, listed.id))).json.data;
  assert.deepEqual(bodiesOf(one), [api.sent[0]?.body.length, false, LISTED_BODY_BYTES + 1, false]);
});

function bodiesOf(shown: { body: string; bodyTruncated: boolean; responseBody: string; responseTruncated: boolean }) {
  return [shown.body.length, shown.bodyTruncated, shown.responseBody.length, shown.responseTruncated];
}

test('a failed one says why, what to do and when it is tried again', async () => {
  const { api, path } = await pending();
  api.receiverAnswers(receiverAnswer(503, 'busy'));
  await attempt(api);
  const { data } = (await api.call('GET', path)).json;
  assert.deepEqual(
    [data.status, data.statusCode, data.errorClass, data.code, data.maxAttempts, data.closedAt],
    ['failed_retry', 503, 'http_status', 'http_5xx', 4, null],
  );
  assert.equal(data.nextRetryAt, '2026-03-04T09:30:10.000Z');
  assert.match(data.error, /503/);
  assert.equal(data.errorSummary, data.error);
});

test('attempts show what was sent by the version of that time', async () => {
  const { api, path, subscriptionId } = await pending();
  api.receiverAnswers(receiverAnswer(500));
  await attempt(api);
  await api.call('PATCH', `/api/v1/webhook-subscriptions/${subscriptionId}`, { url: 'https://new.example.com/' });
  const [first] = (await api.call('GET', `${path}/attempts`)).json.data;
  assert.deepEqual([first.n, first.url, first.method], [1, 'https://api.example.com/hook?token=abc', 'POST']);
  assert.equal(first.requestBody, new TextDecoder().decode(api.sent[0]?.body));
  assert.equal(first.phases.total, 10);
  assert.deepEqual([first.remoteAddress, first.reused, first.httpVersion], ['203.0.113.9', false, '1.1']);
});

/** Puts the event of the last hand-over into the ordered lane of `key`, without the flow that chooses lanes. */
async function holdInOrder(api: TestApi, key: string): Promise<Ticket> {
  const deliveryId = idAt(api.ports.clock.nowMs(), api.ports.random.bytes(16));
  const [{ eventId, subscriptionId, deliveryId: of } = assert.fail()] = api.handovers.at(-1)?.tickets ?? [];
  const hold = { reason: 'ordered', key } as const;
  await api.ports.store.redeliver({
    tenant: DEFAULT_TENANT,
    delivery: { deliveryId, subscriptionId, subscriptionVersion: 1, delayMs: 0, hold },
    eventId,
    of,
    kind: 'redelivery',
    by: null,
    claims: [],
  });
  const lane = { subscriptionId, shard: shardOf(subscriptionId, api.ports.store.shards), key };
  const { tickets } = await api.ports.store.laneRun(lane, -1, { tickets: 9, bytes: 1e6 });
  return tickets.at(-1) ?? assert.fail();
}

test('one in order shows its place, also after it has closed, and when it is tried again', async () => {
  const { api } = await pending();
  const ticket = await holdInOrder(api, 'order-7');
  assert.ok(ticket.place.kind === 'lane');
  const path = `/api/v1/deliveries/${ticket.deliveryId}`;
  const { pos } = ticket.place;
  const shown = async () => {
    const { data } = (await api.call('GET', path)).json;
    return [data.status, data.heldReason, data.sequence, data.nextRetryAt];
  };
  assert.deepEqual(await shown(), ['pending', 'ordered', pos, null]);
  const { event } = api.handovers[0] ?? assert.fail();
  api.receiverAnswers(receiverAnswer(503));
  const again = await tried(api, { event, ticket });
  assert.deepEqual(await shown(), ['failed_retry', null, pos, '2026-03-04T09:30:10.000Z']);
  api.receiverAnswers(receiverAnswer(200));
  await tried(api, { event, ticket: again ?? assert.fail() });
  assert.deepEqual(await shown(), ['succeeded', null, pos, null]);
  const { data } = (await api.call('GET', `${path}/attempts`)).json;
  assert.equal(data[1].requestHeaders['hookyard-sequence'], `${pos}`);
});

test('why one is held is first of all what its subscription is', async () => {
  const { api, path, subscriptionId } = await pending();
  const { deliveryId: id } = await holdInOrder(api, 'order-7');
  const reasons = async () => {
    const held = [path, `/api/v1/deliveries/${id}`].map(async (one) => (await api.call('GET', one)).json.data);
    return (await Promise.all(held)).map(({ heldReason, sequence }) => [heldReason, sequence !== null]);
  };
  const subscription = `/api/v1/webhook-subscriptions/${subscriptionId}`;
  for (const [method, call, body, reason, ordered = reason] of [
    ['GET', '', undefined, null, 'ordered'],
    ['POST', '/pause', undefined, 'paused'],
    ['PATCH', '', { enabled: false }, 'disabled'],
    ['POST', '/enable', undefined, null, 'ordered'],
  ] as const) {
    assert.equal((await api.call(method, `${subscription}${call}`, body)).status, 200);
    const expected = [
      [reason, false],
      [ordered, true],
    ];
    assert.deepEqual(await reasons(), expected, `${method} ${call}`);
  }
});

test('one that a pause held waits for those before it once the pause is over', async () => {
  const { api, subscriptionId } = await pending();
  const subscription = `/api/v1/webhook-subscriptions/${subscriptionId}`;
  await api.call('POST', `${subscription}/pause`);
  api.advance(1);
  await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1, id: 'held' });
  const reason = async () => (await api.call('GET', `${subscription}/deliveries`)).json.data[0].heldReason;
  assert.equal(await reason(), 'paused');
  const [shown] = (await api.call('GET', `${subscription}/deliveries`)).json.data;
  assert.match(shown.heldCause, /paused/);
  assert.match(shown.heldRemedy, /resume/);
  await api.call('POST', `${subscription}/resume`);
  assert.equal(await reason(), 'full');
});

test('what a lane was opened for says nothing of what else waits in it, but an open circuit holds all', async () => {
  const { api, subscriptionId } = await pending();
  const held = [await holdInOrder(api, 'order-7'), await holdInOrder(api, '')];
  const lane = { subscriptionId, shard: shardOf(subscriptionId, api.ports.store.shards), probeAtMs: null };
  for (const [reason, ...shown] of [
    ['ordered', 'ordered', 'full'],
    ['circuit', 'circuit', 'circuit'],
    ['full', 'ordered', 'full'],
  ] as const) {
    await api.ports.store.setLane({ ...lane, reason });
    const asked = held.map(({ deliveryId }) => api.call('GET', `/api/v1/deliveries/${deliveryId}`));
    const reasons = (await Promise.all(asked)).map(({ json }) => json.data.heldReason);
    assert.deepEqual(reasons, shown, reason);
  }
});

test('deliveries are found by status, event, subscription and type', async () => {
  const { api, id, subscriptionId } = await pending();
  const eventId = (await api.call('GET', '/api/v1/events')).json.data[0].id;
  const ids = async (query: string) =>
    (await api.call('GET', `/api/v1/deliveries?${query}`)).json.data.map((row: { id: string }) => row.id);
  for (const query of [
    'status=undelivered',
    'status=pending',
    `eventId=${eventId}`,
    `subscriptionId=${subscriptionId}`,
  ]) {
    assert.deepEqual(await ids(query), [id], query);
  }
  for (const query of ['status=succeeded', `eventId=${id}`, 'type=c.d', 'since=2027-01-01T00:00Z']) {
    assert.deepEqual(await ids(query), [], query);
  }
});

test('a redelivery is a new delivery that points at the first', async () => {
  const { api, id, path } = await pending();
  await attempt(api);
  const made = await api.call('POST', `${path}/redeliver`);
  assert.equal(made.status, 202);
  assert.equal(made.json.data.redeliverOf, id);
  const again = (await api.call('GET', `/api/v1/deliveries/${made.json.data.deliveryId}`)).json.data;
  assert.deepEqual([again.kind, again.redeliverOf, again.status], ['redelivery', id, 'pending']);
});

test('a redelivery under forge is of no event, and its key says so before and after it is sent', async () => {
  const { api, id, path } = await pending({ profile: 'forge' });
  await attempt(api);
  const first = (await api.call('GET', path)).json.data;
  assert.equal(first.eventId, api.handovers[0]?.event.id);
  assert.equal(api.sent.at(-1)?.headers['x-forge-idempotency-key'], first.idempotencyKey);
  const made = await api.call('POST', `${path}/redeliver`);
  const shown = async () => (await api.call('GET', made.headers.get('location') ?? '')).json.data;
  const before = await shown();
  await attempt(api);
  const again = await shown();
  const { 'x-forge-idempotency-key': key, 'x-forge-delivery': delivery } = api.sent.at(-1)?.headers ?? {};
  assert.deepEqual([before.idempotencyKey, again.idempotencyKey, again.id], [key, key, delivery]);
  assert.deepEqual([again.eventId, again.redeliverOf, again.body], [null, id, first.body]);
  assert.notEqual(key, first.idempotencyKey);
});

test('nothing is redelivered to a subscription that is off', async () => {
  const { api, path, subscriptionId } = await pending();
  await api.call('PATCH', `/api/v1/webhook-subscriptions/${subscriptionId}`, { enabled: false });
  const got = await api.call('POST', `${path}/redeliver`);
  assert.deepEqual([got.status, got.json.code], [409, 'subscription_disabled']);
});

test('an open delivery can be cancelled once', async () => {
  const { api, path } = await pending();
  const got = await api.call('POST', `${path}/cancel`);
  assert.deepEqual([got.status, got.json.data.status], [200, 'cancelled']);
  const again = await api.call('POST', `${path}/cancel`);
  assert.deepEqual([again.status, again.json.code], [409, 'delivery_closed']);
});

test('fields on a call that takes none are refused', async () => {
  const { api, path } = await pending();
  const got = await api.call('POST', `${path}/redeliver`, { force: true });
  assert.deepEqual(got.json.errors, [{ pointer: '/force', message: 'Unknown field.' }]);
});
