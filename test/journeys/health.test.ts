import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import {
  ask,
  deliveriesOf,
  deliveryOf,
  publish,
  type SubscriptionShown,
  subscribe,
  subscriptionOf,
} from '../support/journey.ts';
import type { Receiver } from '../support/receiver.ts';
import { numbersOf } from '../support/receiver-log.ts';
import { openTimedJourney } from '../support/timed-journey.ts';

const journey = await openTimedJourney();
after(journey.close);
const { api } = journey;

const HOUR_MS = 3_600_000;
const gone = { kind: 'status', status: 404 } as const;
const fine = { kind: 'status', status: 200 } as const;
/** Nothing grows too old in the hours of these journeys. */
const PATIENT = { maxRetries: 0, maxAgeSeconds: 30 * 86_400 };

interface WarningShown {
  kind: string;
  subscription: { id: string };
  consecutiveFailures: number;
  threshold: number;
  percent: number;
  reason: string | null;
}

async function warningOf(id: string): Promise<WarningShown | undefined> {
  const { data } = await api<WarningShown[]>('GET', '/api/v1/warnings');
  return data.find(({ subscription }) => subscription.id === id);
}

/** What was told of a subscription, in order of arrival: the type, and the percentage or reason. */
function news(listener: Receiver, id: string): string[] {
  return listener.requests.flatMap(({ rawBody }) => {
    const { event, data } = JSON.parse(rawBody.toString());
    if (data.subscription.id !== id) return [];
    const detail = data.percent ?? data.reason;
    return [`${event.replace('subscription.', '')}${detail === undefined ? '' : ` ${detail}`}`];
  });
}

function stands(id: string, isWanted: (shown: SubscriptionShown) => boolean): Promise<SubscriptionShown> {
  return eventually(`subscription ${id}`, async () => {
    const shown = await subscriptionOf(journey, id);
    return isWanted(shown) ? shown : null;
  });
}

/** Publishes events one after the other; each fails for good. */
async function fail(type: string, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const { id } = await publish(journey, type, { n });
    await deliveryOf(journey, id, ({ status }) => status === 'failed_permanent');
  }
}

/**
 * A receiver that fails ten times, which switches its subscription off, while further events wait; the eleventh request
 * is answered only afterwards. Its subscription holds the events 11 to 13 then.
 */
async function switchedOff(type: string): Promise<{ receiver: Receiver; subscription: string }> {
  const published = Promise.withResolvers<void>();
  const off = Promise.withResolvers<void>();
  const receiver = await journey.receiver((_, index) => ({ ...gone, until: (index < 10 ? published : off).promise }));
  const settings = { events: [type], maxConcurrency: 1, autoDisableThreshold: 10, retryPolicy: PATIENT };
  const subscription = await subscribe(journey, receiver.url, settings);
  for (let n = 0; n < 14; n++) await publish(journey, type, { n });
  published.resolve();
  await stands(subscription, ({ state }) => state === 'disabled');
  off.resolve();
  await eventually('what it holds', async () => {
    const open = await deliveriesOf(journey, subscription, 'undelivered');
    return open.filter(({ heldReason }) => heldReason === 'disabled').length === 3 || null;
  });
  await receiver.waitFor((requests) => requests.length === 11);
  await eventually('the last failure', async () => {
    return (await deliveriesOf(journey, subscription, 'failed_permanent')).length === 11 || null;
  });
  return { receiver, subscription };
}

test('an owner is warned at 50, 70 and 90 percent, told of the end, and of the new beginning', async () => {
  const type = 'health.marks';
  const listener = await journey.receiver();
  await subscribe(journey, listener.url, { events: ['subscription.*'] });
  const receiver = await journey.receiver(gone);
  const settings = { events: [type], autoDisableThreshold: 10, retryPolicy: PATIENT };
  const subscription = await subscribe(journey, receiver.url, settings);
  await fail(type, 4);
  assert.equal(await warningOf(subscription), undefined);
  const marks = [
    { failures: 5, percent: 50 },
    { failures: 7, percent: 70 },
    { failures: 9, percent: 90 },
  ];
  let failed = 4;
  for (const { failures, percent } of marks) {
    await fail(type, failures - failed, failed);
    failed = failures;
    await listener.waitFor(() => news(listener, subscription).at(-1) === `warning ${percent}`);
    const warning = await warningOf(subscription);
    assert.deepEqual(
      [warning?.kind, warning?.consecutiveFailures, warning?.threshold, warning?.percent],
      ['warning', failures, 10, percent],
    );
    await journey.restart();
  }
  await fail(type, 1, failed);
  const off = await stands(subscription, ({ state }) => state === 'disabled');
  assert.deepEqual([off.state, off.disabledReason, off.consecutiveFailures], ['disabled', 'failures', 10]);
  await listener.waitFor(() => news(listener, subscription).at(-1) === 'disabled failures');
  const warning = await warningOf(subscription);
  assert.deepEqual([warning?.kind, warning?.percent, warning?.reason], ['disabled', 100, 'failures']);
  assert.equal((await publish(journey, type)).deliveries, 0);
  await ask(journey, subscription, 'enable');
  await listener.waitFor(() => news(listener, subscription).at(-1) === 'enabled');
  const on = await subscriptionOf(journey, subscription);
  assert.deepEqual([on.state, on.disabledReason, on.consecutiveFailures], ['active', null, 0]);
  assert.equal(await warningOf(subscription), undefined);
  await journey.restart();
  assert.equal((await subscriptionOf(journey, subscription)).consecutiveFailures, 0);
  await fail(type, 5, 100);
  await listener.waitFor(() => news(listener, subscription).length === 6);
  assert.deepEqual(
    news(listener, subscription),
    ['warning 50', 'warning 70', 'warning 90', 'disabled failures', 'enabled', 'warning 50'],
    'each once, whatever was restarted meanwhile',
  );
});

test('a success ends a streak and its warning', async () => {
  const type = 'health.recovers';
  const receiver = await journey.receiver(gone);
  const settings = { events: [type], autoDisableThreshold: 4, retryPolicy: PATIENT };
  const subscription = await subscribe(journey, receiver.url, settings);
  await fail(type, 3);
  assert.equal((await warningOf(subscription))?.percent, 70);
  receiver.respond(fine);
  const { id } = await publish(journey, type);
  await deliveryOf(journey, id, ({ status }) => status === 'succeeded');
  assert.equal((await subscriptionOf(journey, subscription)).consecutiveFailures, 0);
  assert.equal(await warningOf(subscription), undefined);
  receiver.respond(gone);
  await fail(type, 3, 10);
  assert.equal((await subscriptionOf(journey, subscription)).state, 'active');
});

test('what was open when a subscription was switched off is delivered when it is enabled', async () => {
  const { receiver, subscription } = await switchedOff('health.held');
  await journey.restart();
  assert.equal((await subscriptionOf(journey, subscription)).state, 'disabled');
  receiver.respond(fine);
  await ask(journey, subscription, 'enable');
  await receiver.waitFor((requests) => requests.length === 14);
  assert.deepEqual(numbersOf(receiver.requests.slice(11)), [11, 12, 13]);
});

test('each hour a subscription that was switched off is tried, and the first success switches it on', async () => {
  const type = 'health.hourly';
  const listener = await journey.receiver();
  await subscribe(journey, listener.url, { events: ['subscription.enabled'] });
  const { receiver, subscription } = await switchedOff(type);
  receiver.respond(gone);
  await journey.leap(HOUR_MS / 2);
  await journey.restart();
  await journey.leap(HOUR_MS / 4);
  // What falls due in a leap is seen by one of the rounds after it.
  await journey.pass(60_000);
  assert.equal(receiver.requests.length, 11, 'not before the hour is over');
  await journey.leap(HOUR_MS / 4);
  await journey.passUntil('a probe', () => receiver.requests.length === 12 || null);
  const probed = async () => (await deliveriesOf(journey, subscription, 'failed_permanent')).length === 12 || null;
  await eventually('the failed probe', probed);
  assert.equal((await subscriptionOf(journey, subscription)).state, 'disabled');
  receiver.respond(fine);
  await journey.restart();
  await journey.pass(60_000);
  assert.equal(receiver.requests.length, 12, 'a restart is no reason');
  await journey.leap((HOUR_MS / 4) * 3);
  await journey.pass(60_000);
  assert.equal(receiver.requests.length, 12, 'one in an hour');
  await journey.leap(HOUR_MS / 4);
  await journey.passUntil('the end of the hour', () => receiver.requests.length > 12 || null);
  await stands(subscription, ({ state, consecutiveFailures }) => state === 'active' && consecutiveFailures === 0);
  await receiver.waitFor((requests) => requests.length === 14);
  assert.deepEqual(numbersOf(receiver.requests.slice(11)), [11, 12, 13], 'the oldest first');
  await listener.waitFor(() => news(listener, subscription).length === 1);
  assert.equal(await warningOf(subscription), undefined);
});

test('without a threshold of its own a subscription goes off after fifty failures and a day', async () => {
  const type = 'health.default';
  const listener = await journey.receiver();
  await subscribe(journey, listener.url, { events: ['subscription.*'] });
  const receiver = await journey.receiver(gone);
  const subscription = await subscribe(journey, receiver.url, { events: [type], retryPolicy: PATIENT });
  await fail(type, 50);
  const streak = await stands(subscription, ({ consecutiveFailures }) => consecutiveFailures === 50);
  assert.equal(streak.state, 'active', 'it has not failed for a day');
  assert.deepEqual([(await warningOf(subscription))?.percent, (await warningOf(subscription))?.kind], [90, 'warning']);
  await journey.leap(23 * HOUR_MS);
  await fail(type, 1, 50);
  assert.equal((await subscriptionOf(journey, subscription)).state, 'active');
  await journey.restart();
  await journey.leap(HOUR_MS);
  await fail(type, 1, 51);
  const off = await stands(subscription, ({ state }) => state === 'disabled');
  assert.deepEqual([off.disabledReason, off.consecutiveFailures], ['failures', 52]);
  await listener.waitFor(() => news(listener, subscription).length === 4);
  assert.deepEqual(news(listener, subscription), ['warning 50', 'warning 70', 'warning 90', 'disabled failures']);
  await journey.leap(2 * HOUR_MS);
  assert.equal(
    (await subscriptionOf(journey, subscription)).state,
    'disabled',
    'holding nothing, it waits for a person',
  );
  await ask(journey, subscription, 'enable');
  receiver.respond(fine);
  const { id } = await publish(journey, type, { n: 99 });
  await deliveryOf(journey, id, ({ status }) => status === 'succeeded');
});
