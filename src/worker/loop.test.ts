import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered } from '../../test/support/ports.ts';
import { heldSender, pass, quiet, yard } from '../../test/support/worker.ts';
import { DEFAULT_TENANT, idAt } from '../core/ids.ts';
import { cancelDelivery } from '../flows/cancel-delivery.ts';
import { changeSubscription } from '../flows/change-subscription.ts';
import { deleteSubscription } from '../flows/delete-subscription.ts';
import { createWorker, DEFAULT_LIMITS } from './loop.ts';
import { POISON_AFTER } from './tries.ts';
import { ALONE_AFTER_MS } from './turns.ts';

test('what is handed over is sent at once and settled', async () => {
  const { ports, worker, subscribe, publish: send, statuses } = yard();
  await worker.start();
  await subscribe();
  await send(3);
  await quiet();
  assert.equal(ports.sent.length, 3);
  assert.deepEqual(await statuses(), ['succeeded', 'succeeded', 'succeeded']);
});

test('what nobody handed over is claimed', async () => {
  const { ports, worker, subscribe, publish: send, statuses } = yard();
  await subscribe();
  await send(2);
  await worker.start();
  await quiet();
  assert.equal(ports.sent.length, 2);
  assert.deepEqual(await statuses(), ['succeeded', 'succeeded']);
});

test('a failure is tried again when it is due and not before, under the next number', async () => {
  const { ports, worker, subscribe, publish: send, statuses } = yard();
  ports.answers.push(answered(500));
  await worker.start();
  await subscribe();
  await send(1);
  await pass(ports, 9_500);
  assert.equal(ports.sent.length, 1);
  await pass(ports, 1_500);
  assert.deepEqual(
    ports.sent.map(({ headers }) => headers['hookyard-attempt']),
    ['1', '2'],
  );
  assert.deepEqual(await statuses(), ['succeeded']);
});

test('background tasks that cannot be read are told of as such, and read again', async () => {
  const { ports, worker } = yard();
  const { claimTasks } = ports.store;
  ports.store.claimTasks = async () => {
    ports.store.claimTasks = claimTasks;
    throw new Error('unreadable');
  };
  await worker.start();
  await quiet();
  assert.deepEqual(
    ports.logged.filter((event) => event.endsWith('_failed')),
    ['worker.tasks_failed'],
  );
  const asked = Promise.withResolvers<void>();
  ports.store.claimTasks = async (...limits) => {
    asked.resolve();
    return claimTasks(...limits);
  };
  await pass(ports, 5_000);
  await asked.promise;
});

test('a slow receiver keeps to its concurrency while another is served', async () => {
  const { sender, held } = heldSender();
  const { worker, subscribe, publish: send } = yard({}, { sender });
  await worker.start();
  await subscribe({ maxConcurrency: 2 });
  await subscribe({ maxConcurrency: 1 });
  await send(5);
  await quiet();
  assert.equal(held.length, 3);
  held[0]?.answer(answered(200));
  await quiet();
  assert.equal(held.length, 4);
});

test('what does not fit in memory waits in the lane and is sent in the end, each once', async () => {
  const limits = { ...DEFAULT_LIMITS, perSubscription: 4, spare: 0 };
  const { sender, held } = heldSender();
  const { ports, worker, subscribe, publish: send, statuses } = yard({ limits }, { sender });
  await worker.start();
  await subscribe({ maxConcurrency: 1 });
  await send(20);
  await quiet();
  assert.equal(held.length, 1);
  const sent = new Set<string>();
  for (let at = 0; at < 20; at++) {
    const one = held[at] ?? assert.fail(`only ${held.length} were sent`);
    sent.add(one.request.headers['hookyard-delivery'] ?? '');
    one.answer(answered(200));
    await pass(ports, 500);
  }
  assert.equal(sent.size, 20);
  assert.equal(held.length, 20);
  assert.ok((await statuses()).every((status) => status === 'succeeded'));
  await pass(ports, 10_000);
  assert.deepEqual(await ports.store.lanes([0]), []);
});

test('a disabled subscription holds what is open, and goes on when it is enabled', async () => {
  const { ports, worker, subscribe, publish: send, statuses } = yard();
  ports.answers.push(answered(500));
  await worker.start();
  const id = await subscribe();
  await send(1);
  await quiet();
  await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, enabled: false, ifVersion: null });
  await pass(ports, 20_000);
  assert.equal(ports.sent.length, 1);
  const [held] = await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 1 });
  assert.equal(held?.open?.hold?.reason, 'disabled');
  await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, enabled: true, ifVersion: null });
  await pass(ports, 1_000);
  assert.equal(ports.sent.length, 2);
  assert.deepEqual(await statuses(), ['succeeded']);
});

test('a deleted subscription gets nothing more, and what was open is cancelled', async () => {
  const { ports, worker, subscribe, publish: send } = yard();
  ports.answers.push(answered(500), answered(500));
  await worker.start();
  const id = await subscribe();
  await send(2);
  await quiet();
  await deleteSubscription(ports, { tenant: DEFAULT_TENANT, id });
  await pass(ports, 20_000);
  assert.equal(ports.sent.length, 2);
  assert.deepEqual(await ports.store.openTickets(id, 10), []);
});

test('an event for more than five hundred subscriptions reaches each exactly once', async () => {
  const { ports, worker, subscribe, publish: send } = yard();
  await worker.start();
  for (let at = 0; at < 501; at++) await subscribe();
  await send(1);
  await pass(ports, 3_000);
  const receivers = new Set(ports.sent.map(({ headers }) => headers['hookyard-delivery']));
  assert.equal(receivers.size, 501);
  assert.equal(ports.sent.length, 501);
});

test('a delivery that is cancelled while it waits for its turn is not sent', async () => {
  const { sender, held } = heldSender();
  const { ports, worker, subscribe, publish: send, deliveries, statuses } = yard({}, { sender });
  await worker.start();
  await subscribe({ maxConcurrency: 1 });
  await send(2);
  await quiet();
  const [second] = await deliveries();
  await cancelDelivery(ports, { tenant: DEFAULT_TENANT, id: second?.deliveryId ?? '', by: null });
  assert.equal((await deliveries())[0]?.last?.detail.mayRepeat, false);
  held[0]?.answer(answered(200));
  await pass(ports, 1000);
  assert.equal(held.length, 1);
  assert.deepEqual((await statuses()).sort(), ['cancelled', 'succeeded']);
});

test('a delivery that is cancelled during its try, or before its result is stored, may have arrived', async () => {
  for (const isAnswered of [false, true]) {
    const { sender, held } = heldSender();
    const { ports, worker, subscribe, publish: send, deliveries } = yard({}, { sender });
    await worker.start();
    await subscribe();
    await send(1);
    await quiet();
    const { settle } = ports.store;
    const stored = Promise.withResolvers<void>();
    ports.store.settle = (request) =>
      request.settlements[0]?.attempt?.sent ? stored.promise.then(() => settle(request)) : settle(request);
    if (isAnswered) held[0]?.answer(answered(200));
    await quiet();
    const [view] = await deliveries();
    await cancelDelivery(ports, { tenant: DEFAULT_TENANT, id: view?.deliveryId ?? '', by: null });
    assert.equal((await deliveries())[0]?.last?.detail.mayRepeat, true);
    stored.resolve();
    held[0]?.answer(answered(200));
    await quiet();
    assert.equal((await deliveries())[0]?.last?.closes, 'cancelled');
  }
});

test('a delivery that was recalled and not closed after all is sent when it is found again', async () => {
  const { sender, held } = heldSender();
  const { ports, worker, subscribe, publish: send, deliveries, statuses } = yard({}, { sender });
  const ticketOf = async () => {
    const [view] = await deliveries();
    return { deliveryId: view?.deliveryId ?? '', place: view?.open?.place ?? assert.fail() };
  };
  await subscribe({ maxConcurrency: 1 });
  await send(2);
  assert.equal(worker.recall(await ticketOf()), 'unknown', 'its shard is not held yet');
  await worker.start();
  await quiet();
  assert.equal(worker.recall(await ticketOf()), 'kept_back');
  held[0]?.answer(answered(200));
  await quiet();
  assert.equal(held.length, 1);
  await pass(ports, 10_000);
  held[1]?.answer(answered(200));
  await quiet();
  assert.deepEqual(await statuses(), ['succeeded', 'succeeded']);
});

test('a store that fails once loses no settlement', async () => {
  const { ports, worker, subscribe, publish: send, statuses } = yard();
  await worker.start();
  await subscribe();
  const settle = ports.store.settle;
  let failures = 1;
  ports.store.settle = (request) => (failures-- > 0 ? Promise.reject(new Error('disk')) : settle(request));
  await send(1);
  await pass(ports, 500);
  assert.equal(ports.sent.length, 1);
  assert.deepEqual(await statuses(), ['succeeded']);
});

test('draining waits for what is in flight, leaves the rest due and releases the lease', async () => {
  const { sender, held } = heldSender();
  const { ports, worker, subscribe, publish: send, statuses } = yard({}, { sender });
  await worker.start();
  await subscribe({ maxConcurrency: 1 });
  await send(3);
  await quiet();
  const drained = worker.drain(5000);
  held[0]?.answer(answered(200));
  await pass(ports, 100, 20);
  await drained;
  assert.equal(held.length, 1);
  assert.deepEqual((await statuses()).sort(), ['open', 'open', 'succeeded']);
  const [lease] = await ports.store.lease(idAt(1, ports.random.bytes(16)), [0], 10_000);
  assert.equal(lease?.taken, 'clean');
});

test('draining does not wait for ever: what takes too long is aborted and stays due', async () => {
  const { sender } = heldSender();
  const { ports, worker, subscribe, publish: send, statuses } = yard({}, { sender });
  await worker.start();
  await subscribe();
  await send(1);
  await quiet();
  const drained = worker.drain(200);
  await pass(ports, 300, 20);
  await drained;
  assert.deepEqual(await statuses(), ['open']);
});

test('after an unclean end sends are marked, and in a loop of crashes there is a last one', async () => {
  const first = yard();
  const id = await first.subscribe();
  await first.publish(1);
  for (let death = 0; death < POISON_AFTER; death++) {
    const { sender, held } = heldSender();
    const { ports } = first;
    const worker = createWorker({ ...ports, sender }, { limits: DEFAULT_LIMITS });
    await worker.start();
    await pass(ports, ALONE_AFTER_MS);
    assert.equal(held.length, 1, `start ${death}`);
    // The process ends here: nothing is settled, nothing released, and its timers are never heard again.
    ports.clock.advance(0);
    await ports.store.renew(id, [], 0);
    Object.assign(ports.store, { renew: async () => [] });
    ports.clock.advance(12_000);
  }
  await first.worker.start();
  await quiet();
  assert.equal(first.ports.sent.length, 0);
  const [view] = await first.deliveries();
  assert.equal(view?.last?.failure, 'poison');
  assert.equal(view?.last?.closes, 'failed_permanent');
});
