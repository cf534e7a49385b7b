/** Tries that last longer than a move may: of shards that are given away, and of a process that ends. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answered } from '../../test/support/ports.ts';
import { NO_RETRY, SHARDS, scene, valuesOf } from '../../test/support/scene.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';

const tenant = DEFAULT_TENANT;

describe('a shard that does not come to an end', () => {
  test('what hangs for too long is kept, and what is idle by then is given instead: nothing is sent twice', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = ({ value }) => (value < 4 ? null : answered(200));
    const id = await all.subscription('x', 0, { ordered: true, retryPolicy: NO_RETRY });
    await all.subscription('y', 1);
    await all.publish(a, 'x', [1, 4], 'k');
    await all.publish(a, 'y', [2, 3]);
    await yard.pass(100);
    await b.start();
    await yard.pass(5000);
    assert.equal(a.worker.holds(0), false);
    for (const sent of all.sentOf('y')) sent.answer();
    await yard.pass(9000);
    assert.equal(b.holds(), 0);
    await yard.until(() => b.worker.holds(1) && a.worker.holds(0), 3000);
    await all.publish(b, 'x', [5], 'k');
    await yard.pass(20_000);
    assert.deepEqual(valuesOf(all.sentOf('x')), [1]);
    for (const sent of yard.open()) sent.answer(answered(404));
    await yard.pass(2000);
    assert.deepEqual(valuesOf(all.sentOf('x')), [1, 4, 5]);
    assert.equal(yard.sent.length, 5);
    assert.ok(yard.sent.every(({ by }) => by === 'a'));
    const health = (await a.ports.store.health(tenant, [id])).get(id);
    assert.ok((health?.lastSuccessAtMs ?? 0) > (health?.lastFailureAtMs ?? Number.POSITIVE_INFINITY));
    assert.ok(!yard.lines.some(({ event }) => event === 'settle.lost' || event === 'lease.lost'));
  });

  test('what ends while a shard that was kept is read again is counted all the same', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => null;
    const id = await all.subscription('x', 0, { retryPolicy: NO_RETRY });
    await all.subscription('y', 1);
    await all.publish(a, 'x', [1]);
    await all.publish(a, 'y', [2, 3]);
    await b.start();
    await yard.pass(5000);
    for (const sent of all.sentOf('y')) sent.answer();
    const { lanes } = a.ports.store;
    a.ports.store.lanes = async (shards) => {
      const states = await lanes(shards);
      all.sentOf('x')[0]?.answer(answered(404));
      await new Promise<void>((resolve) => yard.clock.after(100, resolve));
      return states;
    };
    await yard.until(() => a.worker.holds(0) && b.worker.holds(1), 15_000);
    await yard.pass(1000);
    assert.equal((await a.ports.store.health(tenant, [id])).get(id)?.consecutiveFailures, 1);
  });

  test('what hangs as long as a try may is waited for, however often it is kept', async () => {
    const all = await scene('one');
    const { yard, a, b } = all;
    yard.respond = () => null;
    await all.subscription('x', 0);
    await all.subscription('y', 1);
    await all.publish(a, 'x', [1]);
    await all.publish(a, 'y', [2, 3]);
    await yard.pass(100);
    await b.start();
    await yard.pass(59_000);
    assert.equal(b.holds(), 0);
    assert.equal(yard.sent.length, 3);
    all.sentOf('x')[0]?.answer();
    await yard.until(() => b.holds() === 1, 3000);
    await yard.pass(1000);
    assert.equal(yard.sent.length, 3);
    assert.ok(!yard.lines.some(({ fields }) => Number(fields.unclean) + Number(fields.expired) > 0));
  });

  test('what a process that ends cannot finish is left to its time, and taken as if its owner may send still', async () => {
    const all = await scene();
    const { yard, a, b } = all;
    yard.respond = () => null;
    await all.subscription('x', b);
    await all.publish(b, 'x', [1]);
    await yard.pass(700);
    const drained = b.worker.drain(60_000);
    await yard.until(() => a.holds() === SHARDS, 30_000);
    const taken = yard.lines.findLast(({ by, event }) => by === 'a' && event === 'lease.taken');
    assert.equal(taken?.fields.expired, 1);
    for (const sent of yard.open()) sent.answer();
    await yard.pass(1000);
    await drained;
  });
});
