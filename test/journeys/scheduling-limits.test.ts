import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import {
  ask,
  type DeliveryShown,
  deliveriesOf,
  deliveryOf,
  openJourney,
  patch,
  publish,
  subscribe,
} from '../support/journey.ts';
import { doorkeeper, mostWithin, numbersOf, watchLateness } from '../support/receiver-log.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
const { api } = hookyard;

test('a receiver never has more requests at once than its subscription allows, and as many when there is work', async () => {
  const type = 'limits.concurrency';
  const door = Promise.withResolvers<void>();
  // Closed at first; afterwards each answer takes a moment, in which too many would meet.
  const keeper = doorkeeper(() => door.promise.then(() => later(5)));
  const narrow = await journey.receiver(keeper.script);
  const healthy = await journey.receiver();
  await subscribe(hookyard, narrow.url, { events: [type], maxConcurrency: 5 });
  await subscribe(hookyard, healthy.url, { events: [type] });
  for (let n = 0; n < 60; n++) await publish(hookyard, type, { n });
  await healthy.waitFor((requests) => requests.length === 60);
  await eventually('a full house', () => keeper.inside() === 5 || null);
  door.resolve();
  await narrow.waitFor((requests) => requests.length === 60);
  assert.equal(keeper.mostInside(), 5);
  assert.equal(new Set(numbersOf(narrow.requests)).size, 60);
});

test('the limit holds from one request to the next when it is changed', async () => {
  const type = 'limits.changed';
  const keeper = doorkeeper(() => later(5));
  const receiver = await journey.receiver(keeper.script);
  const subscription = await subscribe(hookyard, receiver.url, { events: [type], maxConcurrency: 6 });
  for (let n = 0; n < 30; n++) await publish(hookyard, type, { n });
  await receiver.waitFor((requests) => requests.length === 30);
  await eventually('an empty house', () => keeper.inside() === 0 || null);
  await patch(hookyard, subscription, { maxConcurrency: 1 });
  const single = doorkeeper(() => later(5));
  receiver.respond(single.script);
  for (let n = 30; n < 60; n++) await publish(hookyard, type, { n });
  await receiver.waitFor((requests) => requests.length === 60);
  assert.equal(single.mostInside(), 1);
});

describe('a rate limit', { concurrency: true }, () => {
  test('no stretch of a second has more requests than the rate limit allows, and all arrive', async () => {
    const type = 'limits.rate';
    const receiver = await journey.receiver();
    const settings = { events: [type], rateLimit: { count: 5, seconds: 1 } };
    const subscription = await subscribe(hookyard, receiver.url, settings);
    // All are there before the first may go, so that nothing but the limit holds them up.
    await ask(hookyard, subscription, 'pause');
    for (let n = 0; n < 30; n++) await publish(hookyard, type, { n });
    const latenessMs = watchLateness();
    await ask(hookyard, subscription, 'resume');
    await receiver.waitFor((requests) => requests.length === 30);
    assert.ok(mostWithin(receiver.requests, 1000 - latenessMs()) <= 5);
    assert.ok(mostWithin(receiver.requests, 1000) >= 5, 'it uses what it is allowed');
    assert.equal(new Set(numbersOf(receiver.requests)).size, 30);
  });

  test('what was held goes out at the rate limit when it is let go', async () => {
    const type = 'limits.resume';
    const receiver = await journey.receiver();
    const healthy = await journey.receiver();
    const settings = { events: [type], rateLimit: { count: 4, seconds: 1 } };
    const subscription = await subscribe(hookyard, receiver.url, settings);
    await subscribe(hookyard, healthy.url, { events: [type] });
    await ask(hookyard, subscription, 'pause');
    for (let n = 0; n < 14; n++) await publish(hookyard, type, { n });
    await healthy.waitFor((requests) => requests.length === 14);
    assert.equal(receiver.requests.length, 0);
    const latenessMs = watchLateness();
    await ask(hookyard, subscription, 'resume');
    await receiver.waitFor((requests) => requests.length === 14);
    assert.ok(mostWithin(receiver.requests, 1000 - latenessMs()) <= 4);
    const numbers = numbersOf(receiver.requests);
    assert.equal(new Set(numbers).size, 14);
    // Four begin at once, each on a connection of its own: which of them arrives first is the network's affair.
    assert.ok(
      numbers.every((number, at) => Math.abs(number - at) < 4),
      `in the order of acceptance: ${numbers}`,
    );
  });
});

test('twenty receivers have their events while another one hangs', async () => {
  const type = 'limits.hanging';
  const hanging = await journey.receiver({ kind: 'hang' });
  const sleeper = await subscribe(hookyard, hanging.url, { events: [type], timeout: 60_000, maxConcurrency: 3 });
  const healthy = await Promise.all(Array.from({ length: 20 }, () => journey.receiver()));
  for (const { url } of healthy) await subscribe(hookyard, url, { events: [type] });
  for (let n = 0; n < 30; n++) await publish(hookyard, type, { n });
  for (const receiver of healthy) {
    await receiver.waitFor((requests) => requests.length === 30);
    assert.equal(new Set(numbersOf(receiver.requests)).size, 30);
  }
  await eventually('as many as it may have', () => hanging.requests.length === 3 || null);
  const open = await deliveriesOf(hookyard, sleeper, 'undelivered');
  assert.deepEqual([open.length, open.filter(({ attempts }) => attempts > 0).length], [30, 0]);
});

test('an event for a thousand subscriptions arrives once at each', async () => {
  const type = 'limits.fan-out';
  const receiver = await journey.receiver();
  const paths = Array.from({ length: 1000 }, (_, at) => `/${at}`);
  for (let at = 0; at < paths.length; at += 10) {
    const some = paths.slice(at, at + 10);
    await Promise.all(some.map((path) => subscribe(hookyard, receiver.url + path, { events: [type] })));
  }
  const { id, deliveries } = await publish(hookyard, type);
  assert.equal(deliveries, 1000);
  await receiver.waitFor((requests) => requests.length >= 1000);
  await eventually('the end of all', async () => {
    const open = await api<DeliveryShown[]>('GET', `/api/v1/deliveries?eventId=${id}&status=undelivered`);
    return open.data.length === 0 || null;
  });
  assert.deepEqual(receiver.requests.map(({ path }) => path).sort(), paths.sort());
  const ids = receiver.requests.map(({ headers }) => headers['hookyard-delivery']);
  assert.equal(new Set(ids).size, 1000);
  await deliveryOf(hookyard, id, ({ status, attempts }) => status === 'succeeded' && attempts === 1);
});
