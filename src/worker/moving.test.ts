import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answered } from '../../test/support/ports.ts';
import { closings, NO_RETRY, RETRY, SHARDS, scene, valuesOf } from '../../test/support/scene.ts';
import { DEFAULT_TENANT, shardOf } from '../core/ids.ts';

const tenant = DEFAULT_TENANT;

describe('when a process dies', () => {
  test('what it was sending is sent again by another, marked, and what it had not begun follows', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = ({ by }) => (by === 'b' ? null : answered(200));
    await all.subscription('x', b, { maxConcurrency: 1 });
    await all.publish(a, 'x', [1, 2]);
    await yard.pass(700);
    assert.equal(yard.open().length, 1);
    b.kill();
    await yard.until(() => yard.sent.length === 3, 3000);
    await yard.pass(500);
    assert.deepEqual(valuesOf(yard.sent).sort(), [1, 1, 2]);
    const first = (await yard.deliveries()).at(-1);
    assert.equal(first?.last?.detail.mayRepeat, true);
    assert.deepEqual(await closings(all), ['succeeded', 'succeeded']);
  });

  test('what is ordered goes on in order at once, because it is dead indeed', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = ({ by }) => (by === 'b' ? null : answered(200));
    await all.subscription('x', b, { ordered: true });
    await all.publish(a, 'x', [1, 2, 3], 'k');
    await yard.pass(700);
    b.kill();
    await yard.pass(3000);
    assert.deepEqual(valuesOf(all.sentOf('x')), [1, 1, 2, 3]);
  });
});

describe('when a process stands still for longer than its leases last', () => {
  test('what is ordered waits for a whole timeout, what is not is sent at once (L3)', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = ({ by }) => (by === 'b' ? null : answered(200));
    await all.subscription('x', b, { ordered: true });
    await all.subscription('y', b);
    await all.publish(a, 'x', [1, 2], 'k');
    await all.publish(a, 'y', [3]);
    await yard.pass(700);
    b.stop();
    await yard.until(() => a.holds() === SHARDS, 20_000);
    const takenAtMs = yard.clock.monotonicMs();
    await all.publish(a, 'x', [4], 'other');
    await yard.pass(1000);
    assert.deepEqual(valuesOf(all.sentOf('y')), [3, 3]);
    assert.deepEqual(valuesOf(all.sentOf('x')), [1]);
    await yard.until(() => all.sentOf('x').length === 4, 70_000);
    const again = all.sentOf('x').slice(1);
    assert.ok(again.every(({ atMs }) => atMs >= takenAtMs + 59_000));
    assert.deepEqual(valuesOf(again.filter(({ value }) => value !== 4)), [1, 2]);
  });

  test('it sends nothing new when it wakes up, its result is settled, and its memory of those shards is gone', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = ({ by }) => (by === 'b' ? null : answered(500));
    await all.subscription('x', b, { maxConcurrency: 1, retryPolicy: { ...RETRY, backoffSeconds: 3600 } });
    await all.publish(a, 'x', [1, 2, 3]);
    await yard.pass(700);
    b.stop();
    await yard.until(() => a.holds() === SHARDS, 20_000);
    await yard.pass(2000);
    const before = yard.sent.length;
    assert.deepEqual(valuesOf(yard.sent.slice(1)).sort(), [1, 2, 3]);
    for (const sent of yard.open()) sent.answer();
    b.wake();
    await yard.pass(5000);
    assert.equal(yard.sent.length, before);
    // Settled by the one who had it then; the late result of the other is lost.
    assert.ok(yard.lines.some(({ by, event }) => by === 'b' && event === 'settle.lost'));
  });
});

describe('when shards are given away', () => {
  test('a try in flight is waited for: nothing is sent twice, and no more at once than allowed', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => null;
    await all.subscription('x', 0, { maxConcurrency: 2 });
    await all.subscription('y', 1, { maxConcurrency: 3 });
    await all.publish(a, 'x', [1, 2, 3, 4]);
    await all.publish(a, 'y', [5, 6, 7]);
    await yard.pass(100);
    assert.equal(yard.open().length, 5);
    await b.start();
    await yard.pass(3000);
    // Of the shard with the fewest tries nothing new was begun, and it is not released yet.
    assert.equal(a.worker.holds(0), false);
    assert.equal(b.worker.holds(0), false);
    assert.equal(yard.sent.length, 5);
    for (const sent of yard.open()) sent.answer();
    await yard.until(() => b.worker.holds(0), 2000);
    await yard.pass(1000);
    assert.deepEqual(valuesOf(all.sentOf('x')).sort(), [1, 2, 3, 4]);
    assert.deepEqual(
      all.sentOf('x').map(({ by }) => by),
      ['a', 'a', 'b', 'b'],
    );
    for (const sent of yard.open()) sent.answer();
    await yard.pass(1000);
    assert.ok((await closings(all)).every((closes) => closes === 'succeeded'));
    assert.ok(!yard.lines.some(({ event }) => event === 'settle.lost' || event === 'lease.lost'));
  });

  test('order is kept across the move', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = (sent) => (sent.value === 0 ? answered(500) : answered(200));
    await all.subscription('y', 1);
    const id = await all.subscription('x', 0, { ordered: true, retryPolicy: RETRY });
    await all.publish(a, 'x', [0, 1, 2], 'k');
    await yard.pass(100);
    await all.publish(a, 'x', [3], 'k');
    await b.start();
    await yard.until(() => b.holds() === 1, 3000);
    const owner = a.worker.holds(shardOf(id, SHARDS)) ? 'a' : 'b';
    assert.equal(owner, 'b');
    yard.respond = () => answered(200);
    await all.publish(a, 'x', [4], 'k');
    await yard.pass(10_000);
    assert.deepEqual(valuesOf(all.sentOf('x')), [0, 0, 1, 2, 3, 4]);
  });

  test('a streak of failures goes on where the last owner left it', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => answered(404);
    const id = await all.subscription('x', 0, { retryPolicy: NO_RETRY });
    await all.publish(a, 'x', [1, 2, 3]);
    await yard.pass(1000);
    await b.start();
    await yard.until(() => b.worker.holds(0), 3000);
    await all.publish(a, 'x', [4, 5]);
    await yard.pass(3000);
    assert.deepEqual(
      all.sentOf('x').map(({ by }) => by),
      ['a', 'a', 'a', 'b', 'b'],
    );
    const health = await a.ports.store.health(tenant, [id]);
    assert.equal(health.get(id)?.consecutiveFailures, 5);
  });

  test('successes that were not written yet are written before it is another one who counts', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    const id = await all.subscription('x', 0);
    await all.publish(a, 'x', [1]);
    await yard.pass(100);
    const lastMs = yard.clock.nowMs();
    await all.publish(a, 'x', [2]);
    await b.start();
    await yard.until(() => b.worker.holds(0), 3000);
    assert.equal((await a.ports.store.health(tenant, [id])).get(id)?.lastSuccessAtMs, lastMs);
  });

  test('an open circuit stays open with the next owner, who probes it', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => answered(503);
    await all.subscription('x', 0, { retryPolicy: NO_RETRY });
    await all.publish(a, 'x', [1, 2, 3, 4, 5]);
    await yard.pass(1000);
    await all.publish(a, 'x', [6, 7]);
    await yard.pass(1000);
    assert.equal(yard.sent.length, 5);
    await b.start();
    await yard.until(() => b.worker.holds(0), 3000);
    await all.publish(a, 'x', [8]);
    await all.publish(b, 'x', [9]);
    await yard.pass(29_000);
    assert.equal(yard.sent.length, 5);
    yard.respond = () => answered(200);
    await yard.until(() => yard.sent.length > 5, 35_000);
    await yard.pass(5000);
    assert.deepEqual(valuesOf(yard.sent.slice(5)).sort(), [6, 7, 8, 9]);
    assert.ok(yard.sent.slice(5).every(({ by }) => by === 'b'));
  });

  test('the probes of an open circuit go on with the next owner when they were told to', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => answered(503);
    const id = await all.subscription('x', 0, { retryPolicy: NO_RETRY });
    await all.publish(a, 'x', [1, 2, 3, 4, 5]);
    await yard.pass(1000);
    await all.publish(a, 'x', [6, 7]);
    await yard.pass(30_000);
    await b.start();
    await yard.until(() => b.worker.holds(0), 3000);
    const told = (await b.ports.store.lane(id, 0))?.probeAtMs ?? assert.fail('a time is told');
    await yard.pass(told - b.ports.clock.nowMs() - 1000);
    assert.equal(yard.sent.length, 5);
    await yard.pass(2000);
    assert.deepEqual(
      yard.sent.slice(5).map(({ by }) => by),
      ['b'],
    );
  });

  test('nothing is told, switched or looked at twice an hour by who had it before', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => answered(404);
    await all.subscription('x', 0, { retryPolicy: { ...NO_RETRY, maxAgeSeconds: 86_400 }, autoDisableThreshold: 2 });
    await all.publish(a, 'x', [1, 2]);
    await yard.pass(1000);
    const sinceMs = yard.clock.monotonicMs();
    await b.start();
    await yard.until(() => b.worker.holds(0), 3000);
    const events = await a.ports.store.events({ tenant, limit: 100 });
    assert.deepEqual(events.filter(({ type }) => type === 'subscription.disabled').length, 1);
    assert.ok(sinceMs > 0 && yard.lines.filter(({ event }) => event === 'subscription.disabled').length === 1);
  });

  test('a process that ends releases what is idle at once, and the rest when it is', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = () => null;
    await all.subscription('x', b);
    await all.publish(b, 'x', [1]);
    await yard.pass(100);
    const third = yard.join('c');
    await third.start();
    await yard.pass(1000);
    const drained = b.worker.drain(10_000);
    await yard.pass(2000);
    assert.equal(a.holds() + third.holds(), 1);
    yard.open()[0]?.answer();
    await yard.until(() => a.holds() + third.holds() === SHARDS, 2000);
    await drained;
    assert.ok(!yard.lines.some(({ fields }) => Number(fields.unclean) + Number(fields.expired) > 0));
    assert.deepEqual(await closings(all), ['succeeded']);
  });
});
