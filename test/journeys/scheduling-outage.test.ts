import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { attemptsOf, deliveriesOf, deliveryOf, publish, subscribe } from '../support/journey.ts';
import type { Receiver } from '../support/receiver.ts';
import { doorkeeper, gapsMs, numbersOf } from '../support/receiver-log.ts';
import { openTimedJourney } from '../support/timed-journey.ts';

const journey = await openTimedJourney();
after(journey.close);
const { api } = journey;

const down = { kind: 'status', status: 503 } as const;
const EACH_MINUTE = { maxRetries: 100, backoffType: 'fixed', backoffSeconds: 60, maxAgeSeconds: 86_400 };
const BUSY = 16;

async function circuitsOpened(): Promise<number> {
  const { text } = await api('GET', '/metrics');
  return Number(/^hookyard_circuits_opened_total (\d+)$/m.exec(text)?.[1]);
}

/** Troubled deliveries in a row that open a circuit. */
const OPENS = 5;

/** Publishes, and waits until the healthy receiver has it: whatever else fails, that one is served. */
async function publishTo(healthy: Receiver, type: string, n: number): Promise<string> {
  const { id } = await publish(journey, type, { n });
  await healthy.waitFor((requests) => numbersOf(requests).includes(n));
  return id;
}

/** Has a subscription whose receiver is down fail as often as opens its circuit, by events numbered from `from` on. */
async function openCircuit(subscription: string, healthy: Receiver, type: string, from: number): Promise<void> {
  const before = await circuitsOpened();
  for (let n = from; n < from + OPENS; n++) {
    assert.equal(await circuitsOpened(), before, 'fewer deliveries in trouble open no circuit');
    const id = await publishTo(healthy, type, n);
    await deliveryOf(journey, id, (shown) => shown.subscriptionId === subscription && shown.attempts === 1);
  }
  await eventually('the circuit to open', async () => (await circuitsOpened()) === before + 1 || null);
}

/** Lets time pass until nothing of a subscription is open. */
async function settled(subscription: string): Promise<void> {
  await journey.passUntil('the end of the backlog', async () => {
    return (await deliveriesOf(journey, subscription, 'undelivered')).length === 0 || null;
  });
}

/** Time moves in steps of so much, and a request may be stamped in the step after the one it was allowed in. */
const STEP_MS = 5000;

/** By how much any run of gaps is longer than that many times `eachMs`; of the tightest run. */
function leastSparedMs(gaps: readonly number[], eachMs: number): number {
  let sparedMs = 0;
  let leastMs = Number.POSITIVE_INFINITY;
  for (const gap of gaps) {
    sparedMs = Math.min(sparedMs, 0) + gap - eachMs;
    leastMs = Math.min(leastMs, sparedMs);
  }
  return leastMs;
}

test('a receiver that is down for an hour is asked once in half a minute, gets all when it is back, and bothers nobody', async () => {
  const type = 'outage.hour';
  const sick = await journey.receiver(down);
  const healthy = await journey.receiver();
  const settings = { events: [type], profile: 'standard', maxConcurrency: BUSY, retryPolicy: EACH_MINUTE };
  const subscription = await subscribe(journey, sick.url, settings);
  await subscribe(journey, healthy.url, { events: [type] });
  const before = await circuitsOpened();
  await openCircuit(subscription, healthy, type, 0);
  let events = OPENS;
  const held = await publishTo(healthy, type, events++);
  const parked = await deliveryOf(journey, held, ({ subscriptionId }) => subscriptionId === subscription);
  assert.deepEqual([parked.heldReason, parked.status, parked.attempts], ['circuit', 'pending', 0]);
  const { heldSince: since, nextProbeAt } = parked;
  const leadMs = Date.parse(nextProbeAt ?? '') - Date.parse(since ?? '');
  // The store notes since when a little after the worker has planned, or a machine that stood still much later.
  assert.ok(Math.abs(leadMs - 60_000) < 20_000, `since ${since}, next probe by ${nextProbeAt}`);
  const { data } = await api<{ circuit: unknown }>('GET', `/api/v1/webhook-subscriptions/${subscription}`);
  assert.deepEqual(data.circuit, { state: 'open', since, nextProbeAt });
  for (let minute = 0; minute < 60; minute++) {
    await journey.pass(60_000);
    for (let n = 0; n < 4; n++) await publishTo(healthy, type, events++);
  }
  const probes = gapsMs(sick.requests.slice(OPENS));
  assert.ok(leastSparedMs(probes, 30_000) >= -STEP_MS, `at most one probe in 30 s: ${probes}`);
  // On a slow machine many steps pass while one thing is done, but not all the time.
  assert.ok(probes.length >= 30 && Math.max(...probes) <= 300_000, `it is asked all the time: ${probes}`);
  assert.equal(await circuitsOpened(), before + 1);
  // Each is answered while others are inside, so that a wide open door would show.
  const surplus: string[] = [];
  const keeper = doorkeeper(
    () => later(5),
    (back) => {
      if (back.inside() > back.answered() + 1) surplus.push(`${back.inside()} inside after ${back.answered()}`);
    },
  );
  const failed = sick.requests.length;
  sick.respond(keeper.script);
  await settled(subscription);
  assert.deepEqual(surplus, [], 'it begins with one at a time, and doubles with what is answered');
  assert.equal(keeper.mostInside(), BUSY, 'it ends at full width');
  const arrived = numbersOf(sick.requests.slice(failed)).sort((a, b) => a - b);
  assert.deepEqual(arrived, [...Array(events).keys()], 'all arrive, each once');
});

test('a receiver that comes and goes gets every event once, and its circuit follows it', async () => {
  const type = 'outage.flap';
  const healthy = await journey.receiver();
  let receiver = await journey.receiver();
  const { url, port } = receiver;
  const subscription = await subscribe(journey, url, { events: [type], retryPolicy: EACH_MINUTE });
  await subscribe(journey, healthy.url, { events: [type] });
  const arrived: number[] = [];
  let events = 0;
  for (let flap = 0; flap < 3; flap++) {
    await receiver.close();
    await openCircuit(subscription, healthy, type, events);
    events += OPENS;
    const held = await publishTo(healthy, type, events++);
    await deliveryOf(journey, held, ({ heldReason }) => heldReason === 'circuit');
    receiver = await journey.receiver(undefined, { port });
    await settled(subscription);
    const straight = await publishTo(healthy, type, events++);
    await deliveryOf(
      journey,
      straight,
      (shown) => shown.subscriptionId === subscription && shown.status === 'succeeded',
    );
    arrived.push(...numbersOf(receiver.requests));
  }
  assert.deepEqual(
    arrived.sort((a, b) => a - b),
    [...Array(events).keys()],
  );
});

test('a receiver that fails every third request is not held back, and gets all by retries', async () => {
  const type = 'outage.shaky';
  const before = await circuitsOpened();
  const shaky = await journey.receiver((_, index) => (index % 3 === 2 ? down : { kind: 'status', status: 200 }));
  const subscription = await subscribe(journey, shaky.url, {
    events: [type],
    maxConcurrency: 1,
    retryPolicy: { maxRetries: 20, backoffType: 'fixed', backoffSeconds: 0.05 },
  });
  for (let n = 0; n < 40; n++) await publish(journey, type, { n });
  await settled(subscription);
  assert.equal(new Set(numbersOf(shaky.requests)).size, 40);
  assert.equal(shaky.requests.length, 59, 'one failure between two and two successes');
  assert.equal(await circuitsOpened(), before);
});

test('an answer within 30 seconds is an answer, one after them is none, and nobody waits for either', async () => {
  const type = 'outage.late';
  const late = Promise.withResolvers<void>();
  const slow = doorkeeper(() => late.promise);
  const slowReceiver = await journey.receiver(slow.script);
  const tooSlow = await journey.receiver({ kind: 'hang' });
  const healthy = await journey.receiver();
  const slowOne = await subscribe(journey, slowReceiver.url, { events: [type], maxConcurrency: 2 });
  const tooSlowOne = await subscribe(journey, tooSlow.url, { events: [type], maxConcurrency: 2 });
  await subscribe(journey, healthy.url, { events: [type] });
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push(await publishTo(healthy, type, n));
  await eventually(
    'two requests at each slow one',
    () => (slow.inside() === 2 && tooSlow.requests.length === 2) || null,
  );
  // Leaves real time for everything that is asked before the deadline.
  await journey.leap(20_000);
  late.resolve();
  const [first = ''] = ids;
  const answered = await deliveryOf(journey, first, ({ subscriptionId, status }) => {
    return subscriptionId === slowOne && status === 'succeeded';
  });
  assert.ok(answered.responseTime !== null && answered.responseTime >= 20_000, `${answered.responseTime} ms`);
  const hanging = await deliveryOf(journey, first, ({ subscriptionId }) => subscriptionId === tooSlowOne);
  assert.deepEqual([hanging.status, hanging.attempts], ['pending', 0]);
  await journey.leap(10_000);
  const failed = await deliveryOf(journey, first, (shown) => shown.id === hanging.id && shown.attempts === 1);
  assert.deepEqual([failed.status, failed.errorClass], ['failed_retry', 'timeout_headers']);
  assert.equal((await attemptsOf(journey, failed.id))[0]?.closes, null);
  await settled(slowOne);
  assert.deepEqual(
    numbersOf(slowReceiver.requests).sort((a, b) => a - b),
    [...Array(20).keys()],
  );
});
