import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { answered, type FakePorts } from '../../test/support/ports.ts';
import { heldSender, pass, quiet, yard } from '../../test/support/worker.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { changeSubscription } from '../flows/change-subscription.ts';
import { pauseSubscription } from '../flows/pause-subscription.ts';
import { createLooks, forgetLooks, lookAt, runLooks } from './lane-looks.ts';
import { createWorker, DEFAULT_LIMITS } from './loop.ts';
import { POISON_AFTER } from './tries.ts';
import { ALONE_AFTER_MS } from './turns.ts';

const MINUTE_MS = 60_000;

function enable(ports: FakePorts, id: Id, enabled: boolean) {
  return changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, enabled, ifVersion: null });
}

/** Counts reads of lanes. */
function countReads({ store }: FakePorts): { reads: number } {
  const count = { reads: 0 };
  const { laneRun, laneHeads } = store;
  store.laneRun = (...args) => {
    count.reads++;
    return laneRun(...args);
  };
  store.laneHeads = (...args) => {
    count.reads++;
    return laneHeads(...args);
  };
  return count;
}

test('the receiver of an ordered subscription is found again by whichever key may go', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const retryPolicy = { maxRetries: 3, backoffType: 'fixed', backoffSeconds: 7200 } as const;
  await subscribe(ports, { ordered: true, retryPolicy });
  for (let failures = 0; failures < 5; failures++) ports.answers.push(answered(503));
  for (let key = 0; key < 5; key++) await emit(ports, { orderingKey: `a${key}` });
  await quiet();
  await emit(ports, { orderingKey: 'z' });
  await quiet();
  assert.equal(ports.sent.length, 5);
  await pass(ports, 2 * MINUTE_MS, 1_000);
  assert.equal(ports.sent.length, 6);
});

test('a held lane whose deliveries wait is not read again and again', async () => {
  const { ports, worker } = yard();
  ports.answers.push(answered(500));
  await worker.start();
  const retryPolicy = { maxRetries: 1, backoffType: 'fixed', backoffSeconds: 3600, maxAgeSeconds: 5400 } as const;
  const { id } = await subscribe(ports, { ordered: true, retryPolicy });
  await emit(ports, { orderingKey: 'a' });
  await quiet();
  await enable(ports, id, false);
  await worker.drain(0);
  await createWorker(ports, { limits: DEFAULT_LIMITS }).start();
  const count = countReads(ports);
  await pass(ports, 30 * MINUTE_MS, 1_000);
  assert.ok(count.reads < 10, `${count.reads} reads`);
  await pass(ports, 65 * MINUTE_MS, 5_000);
  const [view] = await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 1 });
  assert.equal(view?.last?.closes, 'expired');
});

test('what is too old is closed also behind what is not, and behind the keys of others', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const { id } = await subscribe(ports, { ordered: true, retryPolicy: { maxAgeSeconds: 3600 } });
  await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id, paused: true });
  for (let key = 0; key < 70; key++) await emit(ports, { orderingKey: `${key}` });
  await emit(ports);
  await enable(ports, id, false);
  await pass(ports, 62 * MINUTE_MS, 10_000);
  assert.deepEqual(await ports.store.openTickets(id, 100), []);
});

test('a circuit that is open while its subscription is paused is not looked at', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const retryPolicy = { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 10 } as const;
  const { id } = await subscribe(ports, { retryPolicy });
  for (let failures = 0; failures < 5; failures++) ports.answers.push(answered(503));
  for (let failures = 0; failures < 5; failures++) await emit(ports);
  await quiet();
  await emit(ports);
  await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id, paused: true });
  const count = countReads(ports);
  await pass(ports, 10 * MINUTE_MS, 1_000);
  assert.equal(ports.sent.length, 5);
  assert.ok(count.reads < 10, `${count.reads} reads`);
});

test('a probe that ends the process each time is poison in the end', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const retryPolicy = { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 10 } as const;
  await subscribe(ports, { retryPolicy });
  for (let failures = 0; failures < 5; failures++) ports.answers.push(answered(503));
  for (let failures = 0; failures < 5; failures++) await emit(ports);
  await quiet();
  const poison = await emit(ports);
  await quiet();
  Object.assign(ports.store, { renew: async () => [] });
  for (let death = 0; death <= POISON_AFTER; death++) {
    ports.clock.advance(12_000);
    const { sender } = heldSender();
    await createWorker({ ...ports, sender }, { limits: DEFAULT_LIMITS }).start();
    await pass(ports, ALONE_AFTER_MS);
  }
  const views = await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 10 });
  assert.equal(views.find(({ event }) => event.id === poison.id)?.last?.failure, 'poison');
});

test('a look at what left is forgotten; when it is back the next one is not put off by it', () => {
  const { ports } = yard();
  const rules = { isOurs: (id: Id) => id !== 'others', nextMs: () => null };
  const lanes = { ports, byId: new Map() };
  const looks = createLooks(lanes as never, rules as never);
  lookAt(looks, 'mine', 'age', 1000);
  forgetLooks(looks, (id) => id === 'mine');
  lookAt(looks, 'mine', 'age', 500);
  lookAt(looks, 'others', 'age', 100);
  assert.deepEqual([...looks.noted.keys()], ['age mine']);
  ports.clock.advance(600);
  runLooks(looks);
  assert.equal(looks.noted.size, 0);
  lookAt(looks, 'mine', 'age', 2000);
  ports.clock.advance(600);
  runLooks(looks);
  assert.equal(looks.noted.size, 1);
});
