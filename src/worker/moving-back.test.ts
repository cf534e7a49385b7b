/** Shards that leave a process and come back to it, with what it remembers and what is on its way meanwhile. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node } from '../../test/support/cluster.ts';
import { answered } from '../../test/support/ports.ts';
import { NO_RETRY, RETRY, type Scene, SHARDS, scene, valuesOf } from '../../test/support/scene.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { pauseSubscription } from '../flows/pause-subscription.ts';

const tenant = DEFAULT_TENANT;

/** The second process takes its shard, the one with the lower number. */
async function moveThere({ yard, b }: Scene): Promise<void> {
  await b.start();
  await yard.until(() => b.worker.holds(0), 3000);
  await yard.pass(1000);
}

/** It ends, and the first one has all shards again. */
async function moveBack({ yard, a, b }: Scene): Promise<void> {
  const drained = b.worker.drain(1000);
  await yard.until(() => a.holds() === SHARDS, 3000);
  await drained;
  await yard.pass(500);
}

/** Lets reads of one kind answer only when told. They read at once, so that the answer is as old as the question. */
function delayed(node: Node, name: 'laneRun' | 'laneHeads' | 'claim'): { open(): void } {
  const { store } = node.ports;
  const read = store[name] as (...args: unknown[]) => Promise<unknown>;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  Object.assign(store, {
    [name]: async (...args: unknown[]) => {
      const answer = await read(...args);
      await opened;
      return answer;
    },
  });
  return { open: () => open() };
}

describe('a shard that comes back', () => {
  test('has the streak that others counted meanwhile', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => answered(404);
    const id = await all.subscription('x', 0, { retryPolicy: NO_RETRY });
    await all.publish(a, 'x', [1, 2]);
    await moveThere(all);
    await all.publish(b, 'x', [3]);
    await yard.pass(3000);
    await moveBack(all);
    await all.publish(a, 'x', [4]);
    await yard.pass(3000);
    assert.equal((await a.ports.store.health(tenant, [id])).get(id)?.consecutiveFailures, 4);
  });

  test('has nothing of its circuit or its lane known while it is away', async () => {
    const all = await scene('one');
    const { yard, a } = all;
    yard.respond = () => answered(503);
    const broken = await all.subscription('x', 0, { retryPolicy: NO_RETRY });
    const paused = await all.subscription('y', 0);
    await all.publish(a, 'x', [1, 2, 3, 4, 5, 6]);
    await pauseSubscription(a.ports, { tenant, id: paused, paused: true });
    await all.publish(a, 'y', [7]);
    await yard.pass(500);
    assert.deepEqual([a.worker.hold(broken), a.worker.hold(paused)], ['circuit', 'full']);
    await moveThere(all);
    assert.deepEqual([a.worker.hold(broken), a.worker.hold(paused)], [null, null]);
    assert.deepEqual([all.b.worker.hold(broken), all.b.worker.hold(paused)], ['circuit', 'full']);
    await moveBack(all);
    assert.deepEqual([a.worker.hold(broken), a.worker.hold(paused)], ['circuit', 'full']);
  });

  for (const [name, ordered] of [
    ['laneRun', false],
    ['laneHeads', true],
  ] as const) {
    test(`is read anew: what ${name} was reading when it left is not sent again`, async () => {
      const all = await scene('one');
      const { yard, a } = all;
      const id = await all.subscription('x', 0, { ordered });
      await pauseSubscription(a.ports, { tenant, id, paused: true });
      await yard.pass(1000);
      for (const n of [1, 2, 3]) await all.publish(a, 'x', [n], `${n}`);
      await yard.pass(500);
      const gate = delayed(a, name);
      await pauseSubscription(a.ports, { tenant, id, paused: false });
      await yard.pass(1000);
      await moveThere(all);
      assert.deepEqual(valuesOf(yard.sent).sort(), [1, 2, 3]);
      await moveBack(all);
      gate.open();
      await yard.pass(5000);
      assert.equal(yard.sent.length, 3);
    });
  }

  test('is read anew: the next item of a key that was being read is not sent again', async () => {
    const all = await scene('one');
    const { yard, a } = all;
    yard.respond = ({ value }) => (value === 1 ? null : answered(200));
    await all.subscription('x', 0, { ordered: true });
    await all.publish(a, 'x', [1, 2], 'k');
    await yard.pass(500);
    const gate = delayed(a, 'laneRun');
    yard.open()[0]?.answer();
    await yard.pass(100);
    await moveThere(all);
    assert.deepEqual(valuesOf(yard.sent), [1, 2]);
    await moveBack(all);
    gate.open();
    await yard.pass(5000);
    assert.deepEqual(valuesOf(yard.sent), [1, 2]);
  });

  test('is claimed anew: what a claim was reading when it left is not sent again', async () => {
    const all = await scene('one');
    const { yard, a } = all;
    await all.subscription('x', 0);
    const { offer } = a.ports.dispatch;
    a.ports.dispatch.offer = () => {};
    await all.publish(a, 'x', [1]);
    a.ports.dispatch.offer = offer;
    const gate = delayed(a, 'claim');
    await yard.pass(1000);
    await moveThere(all);
    assert.deepEqual(valuesOf(yard.sent), [1]);
    await moveBack(all);
    gate.open();
    await yard.pass(5000);
    assert.deepEqual(valuesOf(yard.sent), [1]);
    // And what comes after is found.
    a.ports.dispatch.offer = () => {};
    await all.publish(a, 'x', [2]);
    await yard.pass(1000);
    assert.deepEqual(valuesOf(yard.sent), [1, 2]);
  });

  test('does not wake up keys by an old clock', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = ({ by }) => answered(by === 'a' ? 500 : 503);
    await all.subscription('x', 0, { ordered: true, retryPolicy: { ...RETRY, backoffSeconds: 20 } });
    await all.publish(a, 'x', [1, 2], 'k');
    await yard.pass(19_000);
    await moveThere(all);
    await yard.until(() => yard.sent.length === 2, 5000);
    const secondMs = yard.clock.monotonicMs();
    assert.equal(yard.sent[1]?.by, 'b');
    await moveBack(all);
    yard.respond = () => answered(200);
    await yard.until(() => yard.sent.length > 2, 30_000);
    assert.ok(yard.clock.monotonicMs() - secondMs >= 19_000);
    await yard.pass(1000);
    assert.deepEqual(valuesOf(yard.sent), [1, 1, 1, 2]);
    assert.ok(!b.worker.holds(0));
  });
});

describe('what ends while its shard is being given away', () => {
  /** As many tries in flight as there are, with the shard on its way to another. */
  async function leaving(changes: Parameters<Scene['subscription']>[2], count: number): Promise<Scene> {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => null;
    await all.subscription('x', 0, { maxConcurrency: count, ...changes });
    await all.subscription('y', 1, { maxConcurrency: count + 1 });
    await all.publish(
      a,
      'x',
      Array.from({ length: count }, (_, n) => n),
    );
    await all.publish(
      a,
      'y',
      Array.from({ length: count + 1 }, (_, n) => n),
    );
    await b.start();
    await yard.until(() => !a.worker.holds(0), 3000);
    return all;
  }

  test('opens no circuit, and switches nothing off: that is for the next owner', async () => {
    const profile = 'standard';
    const all = await leaving({ profile, retryPolicy: NO_RETRY, autoDisableThreshold: 3 }, 6);
    const { yard, b } = all;
    const statuses = [503, 503, 503, 503, 503, 410];
    for (const sent of all.sentOf('x')) sent.answer(answered(statuses.shift() ?? 200));
    await yard.until(() => b.worker.holds(0), 3000);
    yard.respond = () => answered(404);
    await all.publish(all.a, 'x', [7]);
    await yard.pass(3000);
    const done = yard.lines.filter(({ event }) => event === 'circuit.opened' || event === 'subscription.disabled');
    assert.deepEqual(
      done.map(({ by, event }) => [by, event]),
      [['b', 'subscription.disabled']],
    );
  });

  test('is counted all the same', async () => {
    const all = await leaving({ retryPolicy: NO_RETRY }, 3);
    const { yard, b } = all;
    for (const sent of all.sentOf('x')) sent.answer(answered(404));
    await yard.until(() => b.worker.holds(0), 3000);
    const [{ subscriptionId = '' } = {}] = (await yard.deliveries()).filter(({ last }) => last?.statusCode === 404);
    assert.equal((await b.ports.store.health(tenant, [subscriptionId])).get(subscriptionId)?.consecutiveFailures, 3);
  });
});

describe('a process that does not know what it holds', () => {
  test('begins nothing, and goes on at once with all that waited when it knows again', async () => {
    const all = await scene('one');
    const { yard, a } = all;
    yard.respond = () => null;
    await all.subscription('x', 0, { maxConcurrency: 1 });
    await all.publish(a, 'x', [1, 2]);
    await yard.pass(10_000);
    const { renew } = a.ports.store;
    a.ports.store.renew = () => Promise.reject(new Error('away'));
    a.cut();
    await yard.until(() => a.worker.doubtSinceMs() !== null, 1000);
    yard.open()[0]?.answer();
    await all.publish(a, 'x', [3]);
    await yard.pass(3000);
    assert.deepEqual(valuesOf(yard.sent), [1]);
    yard.respond = () => answered(200);
    a.ports.store.renew = renew;
    await yard.pass(1000);
    assert.deepEqual(valuesOf(yard.sent), [1, 2, 3]);
  });

  test('writes nothing of what others count when it wakes up too late', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = ({ by }) => (by === 'b' ? null : answered(404));
    const id = await all.subscription('x', b, { maxConcurrency: 1, retryPolicy: NO_RETRY });
    await all.publish(a, 'x', [1, 2, 3]);
    await yard.pass(700);
    b.stop();
    await yard.until(() => a.holds() === SHARDS, 20_000);
    await yard.pass(3000);
    const streak = async () => (await a.ports.store.health(tenant, [id])).get(id)?.consecutiveFailures;
    assert.equal(await streak(), 3);
    for (const sent of yard.open()) sent.answer(answered(500));
    b.wake();
    await yard.pass(5000);
    assert.equal(await streak(), 3);
  });

  test('tells what another one could not tell any more', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = () => answered(404);
    await all.subscription('x', b, { retryPolicy: NO_RETRY, autoDisableThreshold: 4 });
    await all.publish(a, 'x', [1]);
    await yard.pass(1000);
    const { append } = b.ports.store;
    b.ports.store.append = (request) =>
      request.event.source.kind === 'system' ? Promise.reject(new Error('away')) : append(request);
    await all.publish(a, 'x', [2]);
    await yard.pass(1000);
    b.kill();
    await yard.pass(3000);
    const events = await a.ports.store.events({ tenant, limit: 100 });
    assert.deepEqual(
      events.filter(({ source }) => source.kind === 'system').map(({ type }) => type),
      ['subscription.warning'],
    );
  });
});
