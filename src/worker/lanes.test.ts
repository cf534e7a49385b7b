import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { answered, fakePorts } from '../../test/support/ports.ts';
import { heldSender, pass, quiet, yard } from '../../test/support/worker.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { cancelDelivery } from '../flows/cancel-delivery.ts';
import { pauseSubscription } from '../flows/pause-subscription.ts';
import type { OutboundRequest, Ports } from '../ports.ts';
import { DEFAULT_LIMITS } from './loop.ts';

type Store = Ports['store'];

/** Which of the events `{"n": …}` a request carries. */
function numberOf({ body }: Pick<OutboundRequest, 'body'>): number {
  const { data, n } = JSON.parse(new TextDecoder().decode(body));
  return data?.n ?? data?.at ?? n;
}

/** Lets the reads of one kind answer only when told. They read at once, so that the answer is as old as the question. */
function delayed<Name extends 'laneRun' | 'laneHeads'>(store: Store, name: Name): { open(): void } {
  const read = store[name] as (...args: unknown[]) => Promise<unknown>;
  const gate: { open(): void } = { open: () => {} };
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  const slow = async (...args: unknown[]) => {
    const answer = await read(...args);
    await opened;
    return answer;
  };
  Object.assign(store, { [name]: slow });
  return gate;
}

/** Counts calls, and lets the first ones fail. */
function counted(store: Store, name: 'laneRun' | 'laneHeads' | 'lanes', failures = 0): { calls: number } {
  const read = store[name] as (...args: unknown[]) => Promise<unknown>;
  const count = { calls: 0 };
  const counting = (...args: unknown[]) =>
    ++count.calls <= failures ? Promise.reject(new Error('away')) : read(...args);
  Object.assign(store, { [name]: counting });
  return count;
}

function pause(ports: Parameters<typeof pauseSubscription>[0], id: Id, paused: boolean) {
  return pauseSubscription(ports, { tenant: DEFAULT_TENANT, id, paused });
}

test('what is put back while its lane is being read keeps its place', async () => {
  const limits = { perSubscription: 8, spare: 0 };
  const { sender, held } = heldSender();
  const { ports, worker } = yard({ limits: { ...DEFAULT_LIMITS, ...limits } }, { sender });
  await worker.start();
  const { id } = await subscribe(ports, { maxConcurrency: 2 });
  await pause(ports, id, true);
  for (let n = 0; n < 12; n++) await emit(ports, { value: { n } });
  await pause(ports, id, false);
  await quiet();
  const gate = delayed(ports.store, 'laneRun');
  held[0]?.answer(answered(200));
  await quiet();
  await pause(ports, id, true);
  gate.open();
  await quiet();
  for (const one of held) one.answer(answered(200));
  await quiet();
  const before = held.length;
  await pause(ports, id, false);
  for (let at = before; at < 12; at++) {
    await pass(ports, 500);
    held[at]?.answer(answered(200));
  }
  await quiet();
  assert.deepEqual(
    held.map(({ request }) => numberOf(request)),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  );
});

test('what a sweep read before it was settled is not sent again', async () => {
  const { sender, held } = heldSender();
  const { ports, worker } = yard({}, { sender });
  await worker.start();
  const { id } = await subscribe(ports, { ordered: true });
  await emit(ports, { orderingKey: 'a', value: { n: 0 } });
  const cancelled = await emit(ports, { orderingKey: 'b', value: { n: 1 } });
  await quiet();
  assert.equal(held.length, 2);
  const gate = delayed(ports.store, 'laneHeads');
  const views = await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 10 });
  const second = views.find(({ event }) => event.id === cancelled.id);
  await cancelDelivery(ports, { tenant: DEFAULT_TENANT, id: second?.deliveryId ?? '', by: null });
  // Its settlement is lost now, which begins a sweep that reads the other key's head while that is on its way.
  held[1]?.answer(answered(200));
  await quiet();
  held[0]?.answer(answered(200));
  await quiet();
  gate.open();
  await pass(ports, 10_000);
  assert.equal(held.length, 2);
  assert.deepEqual(await ports.store.openTickets(id, 10), []);
});

test('what comes in while the lease is in doubt is sent once it is not, and nothing is read meanwhile', async () => {
  const { ports, worker } = yard();
  await worker.start();
  const { id } = await subscribe(ports, { ordered: true });
  const nowMs = ports.clock.nowMs;
  ports.clock.nowMs = () => nowMs() + 8_500;
  await emit(ports, { orderingKey: 'a' });
  const heads = counted(ports.store, 'laneHeads');
  await quiet();
  assert.equal(ports.sent.length, 0);
  assert.ok(heads.calls <= 2, `${heads.calls} reads`);
  ports.clock.nowMs = nowMs;
  await pass(ports, 1_000);
  assert.equal(ports.sent.length, 1);
  assert.deepEqual(await ports.store.openTickets(id, 10), []);
});

test('a lease that was lost and taken again brings its lanes back, each delivery once', async () => {
  const { sender, held } = heldSender();
  const { ports, worker } = yard({}, { sender });
  await worker.start();
  await subscribe(ports, { ordered: true, maxConcurrency: 1 });
  for (let n = 0; n < 3; n++) await emit(ports, { orderingKey: 'a', value: { n } });
  await quiet();
  const renew = ports.store.renew;
  ports.store.renew = async () => [];
  await pass(ports, 4_000);
  const runs = counted(ports.store, 'laneRun');
  await pass(ports, 4_000);
  assert.ok(runs.calls < 20, `${runs.calls} reads`);
  ports.store.renew = renew;
  await pass(ports, 8_000);
  for (let at = 0; at < 3; at++) {
    held[at]?.answer(answered(200));
    await pass(ports, 1_000);
  }
  assert.deepEqual(
    held.map(({ request }) => numberOf(request)),
    [0, 1, 2],
  );
});

test('a store that fails is asked again with the next round and not before', async () => {
  const { ports, worker } = yard();
  const { id } = await subscribe(ports);
  await worker.start();
  await pause(ports, id, true);
  await emit(ports);
  const runs = counted(ports.store, 'laneRun', 3);
  await pause(ports, id, false);
  await quiet();
  assert.equal(runs.calls, 1);
  await pass(ports, 3_000);
  assert.equal(ports.sent.length, 1);
});

test('lanes that could not be found after a takeover are looked for again, and order is kept meanwhile', async () => {
  const { ports, worker } = yard();
  await subscribe(ports, { ordered: true });
  await emit(ports, { orderingKey: 'a', value: { n: 0 } });
  const reads = counted(ports.store, 'lanes', 2);
  await worker.start();
  await emit(ports, { orderingKey: 'a', value: { n: 1 } });
  await pass(ports, 3_000);
  assert.ok(reads.calls >= 3);
  assert.deepEqual(ports.sent.map(numberOf), [0, 1]);
});

test('cancelling what a key waits for lets the next one go', async () => {
  const { ports, worker } = yard();
  ports.answers.push(answered(500));
  await worker.start();
  await subscribe(ports, { ordered: true, retryPolicy: { maxRetries: 1, backoffType: 'fixed', backoffSeconds: 3600 } });
  const first = await emit(ports, { orderingKey: 'a', value: { n: 0 } });
  await emit(ports, { orderingKey: 'a', value: { n: 1 } });
  await pass(ports, 1_000);
  assert.deepEqual(ports.sent.map(numberOf), [0]);
  const views = await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 10 });
  const waiting = views.find(({ event }) => event.id === first.id);
  await cancelDelivery(ports, { tenant: DEFAULT_TENANT, id: waiting?.deliveryId ?? '', by: null });
  await pass(ports, 1_000);
  assert.deepEqual(ports.sent.map(numberOf), [0, 1]);
});

test('a lane without a reason to stay is closed in memory and in the store', async () => {
  const gauges = new Map<string, number>();
  const metrics = { ...fakePorts().metrics, gauge: (name: string, value: number) => void gauges.set(name, value) };
  const { ports, worker } = yard({}, { metrics });
  await worker.start();
  const { id } = await subscribe(ports);
  await pause(ports, id, true);
  await emit(ports);
  assert.equal(worker.hold(id), 'full');
  await pass(ports, 1_000);
  assert.equal(gauges.get('lanes_open'), 1);
  await pause(ports, id, false);
  await pass(ports, 10_000);
  assert.equal(gauges.get('lanes_open'), 0);
  assert.equal(worker.hold(id), null);
  assert.deepEqual(await ports.store.lanes([0]), []);
});

test('keys that turn up faster than there is room are all sent, each key in order', async () => {
  const { ports, worker } = yard({ limits: { ...DEFAULT_LIMITS, perSubscription: 4, spare: 0 } });
  await worker.start();
  await subscribe(ports, { ordered: true, maxConcurrency: 2 });
  for (let n = 0; n < 60; n++) await emit(ports, { orderingKey: `${n % 20}`, value: { n } });
  await pass(ports, 5_000);
  const sent = ports.sent.map(numberOf);
  assert.equal(new Set(sent).size, 60);
  assert.equal(sent.length, 60);
  for (let key = 0; key < 20; key++) {
    assert.deepEqual(
      sent.filter((n) => n % 20 === key),
      [key, key + 20, key + 40],
    );
  }
});
