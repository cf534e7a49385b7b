import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import {
  ask,
  type DeliveryShown,
  deliveriesOf,
  deliveryOf,
  patch,
  publish,
  subscribe,
  subscriptionOf,
} from '../support/journey.ts';
import { doorkeeper, numbersOf } from '../support/receiver-log.ts';
import { openTimedJourney } from '../support/timed-journey.ts';

const journey = await openTimedJourney();
after(journey.close);

const HOUR_MS = 3_600_000;
const TEN_MINUTES = { maxAgeSeconds: 600 };
/** No retry is due before time is told to pass. */
const LATER = { maxRetries: 3, backoffType: 'fixed', backoffSeconds: 120 };
const failing = { kind: 'status', status: 500 } as const;
const fine = { kind: 'status', status: 200 } as const;

test('a paused subscription holds its events, which grow no older, and sends them when it is resumed', async () => {
  const type = 'holding.pause';
  const receiver = await journey.receiver();
  const healthy = await journey.receiver();
  const settings = { events: [type], maxConcurrency: 1, retryPolicy: TEN_MINUTES };
  const subscription = await subscribe(journey, receiver.url, settings);
  await subscribe(journey, healthy.url, { events: [type] });
  await ask(journey, subscription, 'pause');
  for (let n = 0; n < 3; n++) assert.equal((await publish(journey, type, { n })).deliveries, 2);
  await journey.leap(HOUR_MS);
  await publish(journey, type, { n: 3 });
  await healthy.waitFor((requests) => requests.length === 4);
  const held = await deliveriesOf(journey, subscription);
  assert.deepEqual(
    held.map(({ status, heldReason, attempts }) => [status, heldReason, attempts]),
    Array(4).fill(['pending', 'paused', 0]),
  );
  assert.deepEqual([receiver.requests.length, (await subscriptionOf(journey, subscription)).state], [0, 'paused']);
  await ask(journey, subscription, 'resume');
  await receiver.waitFor((requests) => requests.length === 4);
  assert.deepEqual(numbersOf(receiver.requests), [0, 1, 2, 3]);
  await eventually('their end', async () => {
    return (await deliveriesOf(journey, subscription, 'succeeded')).length === 4 || null;
  });
});

test('what has begun its day before a pause goes on with what was left of it', async () => {
  const type = 'holding.rest';
  const receiver = await journey.receiver({ kind: 'status', status: 503 });
  const retryPolicy = { ...TEN_MINUTES, maxRetries: 50, backoffType: 'fixed', backoffSeconds: 120 };
  const subscription = await subscribe(journey, receiver.url, { events: [type], retryPolicy });
  const { id } = await publish(journey, type, { n: 0 });
  await deliveryOf(journey, id, ({ attempts }) => attempts === 1);
  await ask(journey, subscription, 'pause');
  await journey.leap(HOUR_MS);
  assert.equal((await deliveryOf(journey, id, () => true)).heldReason, 'paused');
  await ask(journey, subscription, 'resume');
  // It is ten minutes old only after some more tries. No time passes while one of them is on its way.
  for (let tries = 2; tries <= 4; tries++) {
    await deliveryOf(journey, id, ({ attempts }) => attempts === tries);
    await journey.leap(120_000);
  }
  const ended = await journey.passUntil('its end', async () => {
    return (await deliveriesOf(journey, subscription)).find(({ closedAt }) => closedAt !== null);
  });
  assert.equal(ended.status, 'expired');
  assert.ok(receiver.requests.length >= 4, `${receiver.requests.length} tries in ten minutes of its own`);
});

test('what a disabled subscription holds expires by itself', async () => {
  const type = 'holding.disabled';
  const door = Promise.withResolvers<void>();
  const keeper = doorkeeper(() => door.promise);
  const receiver = await journey.receiver(keeper.script);
  const settings = { events: [type], maxConcurrency: 1, retryPolicy: TEN_MINUTES };
  const subscription = await subscribe(journey, receiver.url, settings);
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push((await publish(journey, type, { n })).id);
  await eventually('the first one', () => keeper.inside() === 1 || null);
  await patch(journey, subscription, { enabled: false });
  door.resolve();
  await deliveryOf(journey, ids[0] ?? '', ({ status }) => status === 'succeeded');
  for (const id of ids.slice(1)) await deliveryOf(journey, id, ({ heldReason }) => heldReason === 'disabled');
  assert.equal((await publish(journey, type)).deliveries, 0, 'what comes now is not for it');
  await journey.leap(500_000);
  assert.equal((await deliveriesOf(journey, subscription, 'pending')).length, 3, 'they have time left');
  await journey.leap(100_000);
  const expired = await journey.passUntil('their end', async () => {
    const shown = await deliveriesOf(journey, subscription, 'expired');
    return shown.length === 3 ? shown : null;
  });
  assert.deepEqual(
    expired.map(({ attempts, code }) => [attempts, code]),
    Array(3).fill([0, 'expired']),
  );
  await ask(journey, subscription, 'enable');
  const straight = await publish(journey, type, { n: 9 });
  await deliveryOf(journey, straight.id, ({ status }) => status === 'succeeded');
  assert.deepEqual(numbersOf(receiver.requests), [0, 9], 'nothing old is sent');
});

test('what is held through a pause, a disabling and a restart is sent when the subscription is enabled', async () => {
  const type = 'holding.both';
  const receiver = await journey.receiver();
  const subscription = await subscribe(journey, receiver.url, { events: [type], maxConcurrency: 1 });
  await ask(journey, subscription, 'pause');
  for (let n = 0; n < 3; n++) await publish(journey, type, { n });
  await patch(journey, subscription, { enabled: false });
  await journey.restart();
  assert.deepEqual(
    (await deliveriesOf(journey, subscription)).map(({ heldReason }) => heldReason),
    Array(3).fill('disabled'),
  );
  await ask(journey, subscription, 'enable');
  await receiver.waitFor((requests) => requests.length === 3);
  assert.deepEqual(numbersOf(receiver.requests), [0, 1, 2]);
});

test('in a quiet system a subscription says at once how its last delivery went', async () => {
  const type = 'holding.last';
  const receiver = await journey.receiver([
    { kind: 'status', status: 204 },
    { kind: 'status', status: 404 },
    { kind: 'status', status: 201 },
  ]);
  const subscription = await subscribe(journey, receiver.url, { events: [type] });
  const none = await subscriptionOf(journey, subscription);
  assert.deepEqual([none.lastDelivery, none.lastStatus, none.lastSuccessAt, none.lastFailureAt], Array(4).fill(null));
  const expected = [
    { status: 204, failures: 0, isSuccess: true },
    { status: 404, failures: 1, isSuccess: false },
    { status: 201, failures: 0, isSuccess: true },
  ];
  for (const { status, failures, isSuccess } of expected) {
    const { id } = await publish(journey, type);
    const { startedAt } = await deliveryOf(journey, id, ({ closedAt }) => closedAt !== null);
    const shown = await subscriptionOf(journey, subscription);
    assert.deepEqual([shown.lastDelivery, shown.lastStatus], [startedAt, status]);
    assert.deepEqual(
      [shown.consecutiveFailures, isSuccess ? shown.lastSuccessAt : shown.lastFailureAt],
      [failures, startedAt],
    );
    await journey.leap(60_000);
  }
});

test('a disabled subscription gets nothing new and holds what is open until it is enabled', async () => {
  const type = 'holding.open';
  const receiver = await journey.receiver([failing, fine]);
  const subscription = await subscribe(journey, receiver.url, { events: [type], retryPolicy: LATER });
  const path = `/api/v1/webhook-subscriptions/${subscription}`;
  const { id } = await publish(journey, type);
  const open = await deliveryOf(journey, id, ({ attempts }) => attempts === 1);
  const disabled = await journey.api('PATCH', path, { enabled: false });
  assert.deepEqual([disabled.data.enabled, disabled.data.disabledReason], [false, 'user']);
  assert.equal((await publish(journey, type)).deliveries, 0);
  await journey.pass(180_000);
  const held = await deliveryOf(journey, id, ({ heldReason }) => heldReason !== null);
  assert.deepEqual([held.heldReason, held.status, held.attempts], ['disabled', 'failed_retry', 1]);
  const redelivered = await journey.api('POST', `/api/v1/deliveries/${open.id}/redeliver`);
  assert.deepEqual([redelivered.status, redelivered.problem.code], [409, 'subscription_disabled']);
  assert.equal(receiver.requests.length, 1);
  assert.equal((await journey.api('POST', `${path}/enable`)).data.enabled, true);
  const sent = await deliveryOf(journey, id, ({ closedAt }) => closedAt !== null);
  assert.deepEqual([sent.id, sent.status, sent.attempts], [open.id, 'succeeded', 2]);
});

test('a deleted subscription gets nothing more, while its neighbour with the same plight does', async () => {
  const type = 'holding.deleted';
  const receiver = await journey.receiver(failing);
  const neighbour = await journey.receiver(failing);
  const fields = { events: [type], retryPolicy: { ...LATER, maxRetries: 1 } };
  const subscription = await subscribe(journey, receiver.url, fields);
  await subscribe(journey, neighbour.url, fields);
  const { id } = await publish(journey, type);
  const open = await deliveryOf(journey, id, (shown) => shown.subscriptionId === subscription && shown.attempts === 1);
  const path = `/api/v1/webhook-subscriptions/${subscription}`;
  assert.equal((await journey.api('DELETE', path)).status, 204);
  const gone = [path, `${path}/deliveries`, `/api/v1/deliveries/${open.id}`, `/api/v1/deliveries/${open.id}/attempts`];
  for (const hidden of gone) assert.equal((await journey.api('GET', hidden)).status, 404, hidden);
  assert.equal((await journey.api('DELETE', path)).status, 404);
  assert.equal((await journey.api('POST', `/api/v1/deliveries/${open.id}/redeliver`)).status, 404);
  assert.equal((await publish(journey, type)).deliveries, 1);
  const others = await journey.passUntil('the retries of the neighbour', async () => {
    const { data } = await journey.api<DeliveryShown[]>('GET', `/api/v1/deliveries?type=${type}`);
    return data.length === 2 && data.every(({ closedAt }) => closedAt !== null) ? data : null;
  });
  assert.ok(others.every(({ subscriptionId }) => subscriptionId !== subscription));
  assert.equal(receiver.requests.length, 1);
});
