import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { answered, type FakePorts } from '../../test/support/ports.ts';
import { heldSender, pass, quiet, yard } from '../../test/support/worker.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { changeSubscription } from '../flows/change-subscription.ts';
import { deleteSubscription } from '../flows/delete-subscription.ts';
import { pauseSubscription } from '../flows/pause-subscription.ts';
import { createWorker, DEFAULT_LIMITS } from './loop.ts';

const MINUTE_MS = 60_000;
const STEADY = { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 10 } as const;

function pause(ports: FakePorts, id: Id, paused: boolean) {
  return pauseSubscription(ports, { tenant: DEFAULT_TENANT, id, paused });
}

/** A worker that knows nothing of what the one before it had in memory. */
async function restart(ports: FakePorts, sender = ports.sender): Promise<void> {
  const worker = createWorker({ ...ports, sender }, { limits: DEFAULT_LIMITS });
  const { offer, hold, withdraw, configurationChanged } = worker;
  Object.assign(ports.dispatch, { offer, hold, withdraw, configurationChanged });
  await worker.start();
  await quiet();
}

/** Opens the circuit of the only subscription. */
async function breakDown(ports: FakePorts): Promise<void> {
  for (let failures = 0; failures < 5; failures++) ports.answers.push(answered(503));
  for (let failures = 0; failures < 5; failures++) await emit(ports);
  await quiet();
}

test('what was paused before a restart goes on when it is resumed after it', async () => {
  const { ports, worker } = yard();
  const { id } = await subscribe(ports);
  await worker.start();
  await pause(ports, id, true);
  await emit(ports);
  await worker.drain(0);
  await restart(ports);
  await pause(ports, id, false);
  await pass(ports, 1_000);
  assert.equal(ports.sent.length, 1);
});

test('an open circuit outlives a restart and closes with the first answer', async () => {
  const { ports, worker } = yard();
  await subscribe(ports, { retryPolicy: STEADY });
  await worker.start();
  await breakDown(ports);
  await emit(ports);
  await emit(ports);
  await quiet();
  assert.equal(ports.sent.length, 5);
  await worker.drain(0);
  ports.answers.push(answered(503));
  await restart(ports);
  await pass(ports, 1_000);
  assert.equal(ports.sent.length, 6);
  await pass(ports, 61_000, 1_000);
  assert.equal(ports.sent.length, 7);
  assert.deepEqual(
    await ports.store.lanes([0]).then((lanes) => lanes.filter(({ reason }) => reason === 'circuit')),
    [],
  );
});

test('after a restart with an open circuit the lane is begun with slowly once the circuit closes', async () => {
  const { ports, worker } = yard();
  await subscribe(ports, { retryPolicy: STEADY });
  await worker.start();
  await breakDown(ports);
  for (let at = 0; at < 40; at++) await emit(ports);
  await worker.drain(0);
  const { sender, held } = heldSender();
  await restart(ports, sender);
  const begun = [];
  for (let rounds = 0; rounds < 5; rounds++) {
    const underWay = held.splice(0);
    begun.push(underWay.length);
    for (const one of underWay) one.answer(answered(200));
    await quiet();
  }
  assert.deepEqual(begun, [1, 1, 2, 4, 8]);
});

test('what a restart finds waiting for a receiver that was well is sent at full pace', async () => {
  const { ports } = yard();
  await subscribe(ports, { maxConcurrency: 8 });
  ports.dispatch.hold = () => 'full';
  for (let at = 0; at < 40; at++) await emit(ports);
  const { sender, held } = heldSender();
  await restart(ports, sender);
  assert.equal(held.length, 8);
});

test('what its failures switched off is tried once an hour, whatever is restarted or changed meanwhile', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const more = { autoDisableThreshold: 2, maxConcurrency: 1 };
  const { id } = await subscribe(ports, { retryPolicy: { ...STEADY, maxAgeSeconds: 86_400 }, ...more });
  await pause(ports, id, true);
  for (let at = 0; at < 20; at++) ports.answers.push(answered(404));
  for (let at = 0; at < 9; at++) await emit(ports);
  await pause(ports, id, false);
  await quiet();
  const before = ports.sent.length;
  const { laneRun } = ports.store;
  ports.store.laneRun = (...run) => {
    worker.configurationChanged(DEFAULT_TENANT);
    return laneRun(...run);
  };
  await pass(ports, 60 * MINUTE_MS + 500, 10_000);
  assert.equal(ports.sent.length, before + 1);
  await worker.drain(0);
  await restart(ports);
  await subscribe(ports, { events: ['other'] });
  await pass(ports, 59 * MINUTE_MS, 10_000);
  assert.equal(ports.sent.length, before + 1);
  await pass(ports, 2 * MINUTE_MS, 10_000);
  assert.equal(ports.sent.length, before + 2);
});

test('a circuit whose lane is empty does not let the next delivery wait for a whole minute', async () => {
  const { ports, worker } = yard();
  await subscribe(ports, { retryPolicy: STEADY });
  await worker.start();
  await breakDown(ports);
  await pass(ports, 5 * MINUTE_MS, 1_000);
  assert.equal(ports.sent.length, 5);
  await emit(ports);
  await pass(ports, 15_000, 1_000);
  assert.equal(ports.sent.length, 6);
});

test('resuming what held nothing slows nothing down', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const { id } = await subscribe(ports, { maxConcurrency: 500 });
  await pause(ports, id, true);
  await pause(ports, id, false);
  for (let at = 0; at < 200; at++) await emit(ports);
  await quiet();
  assert.equal(ports.sent.length, 200);
});

test('what a deleted subscription left in its lane is cancelled, and nothing of it stays', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const { id } = await subscribe(ports, { retryPolicy: STEADY });
  await breakDown(ports);
  await emit(ports);
  await deleteSubscription(ports, { tenant: DEFAULT_TENANT, id });
  await pass(ports, 15 * MINUTE_MS, 1_000);
  assert.deepEqual(await ports.store.openTickets(id, 10), []);
  assert.deepEqual(await ports.store.lanes([0]), []);
  assert.equal(worker.hold(id), null);
  assert.equal(ports.sent.length, 5);
});

test('the lane of a paused subscription goes with the subscription', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const { id } = await subscribe(ports);
  await pause(ports, id, true);
  await emit(ports);
  await deleteSubscription(ports, { tenant: DEFAULT_TENANT, id });
  await pass(ports, 15_000);
  assert.deepEqual(await ports.store.openTickets(id, 10), []);
  assert.deepEqual(await ports.store.lanes([0]), []);
});

test('resuming closes the circuit, for whoever finds its lane after a restart too', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const { id } = await subscribe(ports, { retryPolicy: STEADY });
  await breakDown(ports);
  await pause(ports, id, true);
  await pause(ports, id, false);
  const [lane] = await ports.store.lanes([0]);
  assert.equal(lane?.reason, 'full');
  assert.equal(ports.logged.at(-1), 'circuit.closed');
  await emit(ports);
  await quiet();
  assert.equal(ports.sent.length, 6);
});

test('another URL is another receiver: nothing of the old one is held against it', async () => {
  const { ports, worker } = yard();
  const { id } = await subscribe(ports, { retryPolicy: STEADY });
  await worker.start();
  await breakDown(ports);
  await emit(ports);
  await quiet();
  assert.equal(ports.dispatch.hold(id), 'circuit');
  const patch = { url: 'https://another.example/hook' };
  await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch, ifVersion: null });
  await quiet();
  assert.notEqual(ports.dispatch.hold(id), 'circuit');
  assert.deepEqual(
    ports.sent.slice(5).map(({ url }) => url),
    [patch.url],
  );
});

test('a profile that always sends holds nothing back for what happened under another one, also after a restart', async () => {
  for (const restarts of [false, true]) {
    const { ports, worker } = yard();
    const { id } = await subscribe(ports, { retryPolicy: STEADY });
    await worker.start();
    await breakDown(ports);
    await emit(ports);
    await quiet();
    assert.equal(ports.sent.length, 5);
    if (restarts) await worker.drain(0);
    const patch = { profile: 'foreman' } as const;
    await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch, ifVersion: null });
    if (restarts) await restart(ports);
    await pass(ports, 1_000);
    assert.equal(ports.sent.length, 6, `after a restart: ${restarts}`);
  }
});

test('a try that went to the old URL tells nothing of the new receiver', async () => {
  const { sender, held } = heldSender();
  const { ports, worker } = yard({}, { sender });
  const { id } = await subscribe(ports, { retryPolicy: STEADY });
  await worker.start();
  for (let events = 0; events < 6; events++) await emit(ports);
  await quiet();
  held[0]?.answer(answered(200));
  await quiet();
  const patch = { url: 'https://another.example/hook' };
  await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch, ifVersion: null });
  for (const { answer } of held.slice(1)) answer(answered(503));
  await quiet();
  assert.equal(ports.dispatch.hold(id), null);
});

test('a lower concurrency holds for what is queued already', async () => {
  const { sender, held } = heldSender();
  const limits = { ...DEFAULT_LIMITS, maxInFlight: 4 };
  const { ports, worker } = yard({ limits }, { sender });
  await worker.start();
  for (let at = 0; at < 4; at++) await subscribe(ports, { events: ['first'] });
  const { id } = await subscribe(ports, { maxConcurrency: 8, events: ['second'] });
  await emit(ports, { type: 'first' });
  for (let at = 0; at < 4; at++) await emit(ports, { type: 'second' });
  const patch = { maxConcurrency: 1 };
  await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch, enabled: true, ifVersion: null });
  assert.equal(held.length, 4);
  for (const one of held.slice()) one.answer(answered(200));
  await quiet();
  assert.equal(held.length, 5);
});

test('what a person disables while it is held still grows old', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const retryPolicy = { ...STEADY, maxAgeSeconds: 3600 };
  const { id } = await subscribe(ports, { retryPolicy });
  await pause(ports, id, true);
  await emit(ports);
  await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, enabled: false, ifVersion: null });
  await pass(ports, 61 * MINUTE_MS, 10_000);
  const [view] = await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 1 });
  assert.equal(view?.last?.closes, 'expired');
});
