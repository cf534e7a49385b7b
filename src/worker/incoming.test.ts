import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node } from '../../test/support/cluster.ts';
import { answered } from '../../test/support/ports.ts';
import { scene, valuesOf } from '../../test/support/scene.ts';
import { heldSender, pass, quiet, yard } from '../../test/support/worker.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { cancelDelivery } from '../flows/cancel-delivery.ts';
import { pauseSubscription } from '../flows/pause-subscription.ts';

const tenant = DEFAULT_TENANT;

describe('what is published by another process than the one that sends it', () => {
  test('is sent at once, by the owner of its shard', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    await all.subscription('x', b);
    await all.publish(a, 'x', [1, 2, 3]);
    await yard.pass(100);
    assert.deepEqual(
      all.sentOf('x').map(({ by }) => by),
      ['b', 'b', 'b'],
    );
  });

  test('is sent in order when it is ordered, and each once', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    await all.subscription('x', b, { ordered: true });
    for (const by of [a, b, a, a, b]) {
      await all.publish(by, 'x', [yard.sent.length, yard.sent.length + 1], 'k');
      await yard.pass(100);
    }
    assert.deepEqual(valuesOf(all.sentOf('x')), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await yard.pass(5000);
    assert.equal(all.sentOf('x').length, 10);
  });

  test('is found without any hint, ordered or not, within a poll', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    await all.subscription('x', b, { ordered: true });
    await all.subscription('y', b);
    Object.assign(a.ports.store.neighbours ?? {}, { tell: () => {} });
    await all.publish(a, 'x', [1, 2], 'k');
    await all.publish(a, 'y', [3]);
    await yard.pass(700);
    assert.deepEqual(valuesOf(yard.sent).sort(), [1, 2, 3]);
  });

  test('waits when another process paused it, goes on when that resumes it, and is not sent when that cancels it', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    const id = await all.subscription('x', b);
    await pauseSubscription(a.ports, { tenant, id, paused: true });
    await yard.pass(1000);
    await all.publish(b, 'x', [1, 2]);
    await all.publish(a, 'x', [3]);
    await yard.pass(2000);
    assert.equal(yard.sent.length, 0);
    const second = (await yard.deliveries())[1]?.deliveryId ?? '';
    await cancelDelivery(a.ports, { tenant, id: second, by: null });
    await pauseSubscription(a.ports, { tenant, id, paused: false });
    await yard.pass(1500);
    assert.deepEqual(valuesOf(yard.sent), [1, 3]);
  });

  test('is not sent when another process cancels it while it is queued', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = () => null;
    await all.subscription('x', b, { maxConcurrency: 1 });
    await all.publish(a, 'x', [1, 2]);
    await yard.pass(700);
    const [second] = await yard.deliveries();
    await cancelDelivery(a.ports, { tenant, id: second?.deliveryId ?? '', by: null });
    await yard.pass(100);
    yard.open()[0]?.answer();
    await yard.pass(2000);
    assert.deepEqual(valuesOf(yard.sent), [1]);
  });
});

describe('what a process hears late, since several connections lead to the store', () => {
  /** Appends whose answers come when told; what they did is in the store at once. */
  function slowAnswers(node: Node): { arrive(): void } {
    const { append } = node.ports.store;
    const gate = { arrive: () => {} };
    const arrived = new Promise<void>((resolve) => {
      gate.arrive = resolve;
    });
    node.ports.store.append = async (request) => {
      const outcome = await append(request);
      await arrived;
      return outcome;
    };
    return gate;
  }

  for (const ordered of [false, true]) {
    test(`what it found ${ordered ? 'in a lane' : 'due'}, sent and settled by then is not sent again`, async () => {
      const all = await scene();
      const { yard, b } = all;
      await all.subscription('x', b, { ordered });
      const answers = slowAnswers(b);
      const published = all.publish(b, 'x', [1], 'k');
      await yard.pass(2000);
      assert.deepEqual(valuesOf(yard.sent), [1]);
      answers.arrive();
      await published;
      await yard.pass(3000);
      assert.deepEqual(valuesOf(yard.sent), [1]);
    });
  }

  test('what it puts under a key itself does not overtake what another process put there before', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    await all.subscription('x', b, { ordered: true });
    Object.assign(a.ports.store.neighbours ?? {}, { tell: () => {} });
    await all.publish(a, 'x', [1, 2], 'k');
    await all.publish(b, 'x', [3], 'k');
    await yard.pass(2000);
    assert.deepEqual(valuesOf(yard.sent), [1, 2, 3]);
  });
});

test('what a reading of the store brings after it was cancelled is not sent', async () => {
  const { sender, held } = heldSender();
  const { ports, worker, subscribe, publish, deliveries } = yard({}, { sender });
  await worker.start();
  await subscribe({ maxConcurrency: 1 });
  await publish(1);
  await quiet();
  held[0]?.answer(answered(500));
  await quiet();
  const { claim } = ports.store;
  const handedOn = Promise.withResolvers<void>();
  let isRead = false;
  ports.store.claim = async (...asked) => {
    const read = await claim(...asked);
    if (read.tickets.length === 0 || isRead) return read;
    isRead = true;
    await handedOn.promise;
    return read;
  };
  for (let tick = 0; tick < 60 && !isRead; tick++) await pass(ports, 250);
  assert.ok(isRead);
  const [view] = await deliveries();
  const cancelled = await cancelDelivery(ports, { tenant, id: view?.deliveryId ?? '', by: null });
  assert.deepEqual(cancelled, { kind: 'cancelled' });
  handedOn.resolve();
  await quiet();
  assert.equal(held.length, 1, 'nothing was sent again');
  assert.equal((await deliveries())[0]?.last?.closes, 'cancelled');
});
