/** When a process among others does not know what it holds: from when on, until when, and since when. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ClusterYard, clusterYard, type Node } from '../../test/support/cluster.ts';

async function alone(): Promise<{ yard: ClusterYard; a: Node }> {
  const yard = clusterYard();
  const a = yard.join('a');
  await a.start();
  await yard.pass(2000);
  return { yard, a };
}

describe('doubt', () => {
  test('who loses the connection by which others know that it lives is in doubt at once, before it looks', async () => {
    const { yard, a } = await alone();
    assert.equal(a.worker.doubtSinceMs(), null);
    a.cut();
    assert.equal(a.worker.doubtSinceMs(), yard.clock.monotonicMs());
    await yard.until(() => a.worker.doubtSinceMs() === null, 2000);
    assert.equal(a.holds(), 16);
  });

  for (const asked of ['attend', 'renew'] as const) {
    test(`who gets no answer to ${asked} for half a second is in doubt, and knows when it comes after all`, async () => {
      const { yard, a } = await alone();
      const of = asked === 'renew' ? a.ports.store : (a.ports.store.neighbours ?? assert.fail());
      const ask = Reflect.get(of, asked) as (...given: unknown[]) => Promise<unknown>;
      const opened = Promise.withResolvers<void>();
      let askedAtMs = Number.POSITIVE_INFINITY;
      Reflect.set(of, asked, async (...given: unknown[]) => {
        askedAtMs = Math.min(askedAtMs, yard.clock.monotonicMs());
        await opened.promise;
        return ask(...given);
      });
      await yard.until(() => a.worker.doubtSinceMs() !== null, 5000);
      assert.equal(a.worker.doubtSinceMs(), askedAtMs + 500);
      assert.equal(a.holds(), 16);
      opened.resolve();
      await yard.until(() => a.worker.doubtSinceMs() === null, 1000);
      const lines = yard.lines.map(({ event }) => event);
      assert.deepEqual(lines, ['lease.taken']);
    });
  }

  test('a doubt lasts until a look went well, though renewals do meanwhile', async () => {
    const { yard, a } = await alone();
    const b = yard.join('b');
    const { lease } = b.ports.store;
    b.ports.store.lease = () => Promise.reject(new Error('away'));
    await b.start();
    const sinceMs = b.worker.doubtSinceMs();
    assert.ok(sinceMs !== null);
    await yard.pass(20_000);
    assert.equal(b.worker.doubtSinceMs(), sinceMs);
    b.ports.store.lease = lease;
    await yard.until(() => b.worker.doubtSinceMs() === null, 1000);
    assert.ok(a.holds() >= 8);
  });

  test('while nobody can say what it holds it is in doubt, and afterwards it holds the same', async () => {
    const { yard, a } = await alone();
    const { renew } = a.ports.store;
    a.ports.store.renew = () => Promise.reject(new Error('away'));
    a.cut();
    await yard.until(() => a.worker.doubtSinceMs() !== null, 1000);
    await yard.pass(2000);
    assert.notEqual(a.worker.doubtSinceMs(), null);
    assert.equal(yard.lines.filter(({ event }) => event === 'lease.failed').length, 1);
    a.ports.store.renew = renew;
    await yard.pass(300);
    assert.equal(a.worker.doubtSinceMs(), null);
    assert.equal(a.holds(), 16);
  });
});
