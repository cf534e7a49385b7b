import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePorts } from '../../test/support/ports.ts';
import { pass, quiet, yard } from '../../test/support/worker.ts';
import type { Lease } from '../ports.ts';
import { createLeases } from './leases.ts';

test('nothing is sent on a lease that either clock says is about to end', async () => {
  const { ports, worker, subscribe, publish: send } = yard();
  await worker.start();
  await subscribe();
  // The wall clock jumps: renewals of the lease are asked for by timers, which have not run.
  const nowMs = ports.clock.nowMs;
  ports.clock.nowMs = () => nowMs() + 9_000;
  await send(1);
  await quiet();
  assert.equal(ports.sent.length, 0);
  ports.clock.nowMs = nowMs;
  await pass(ports, 35_000);
  assert.equal(ports.sent.length, 1);
});

test('what came while a lease could not be renewed in time is sent as soon as it is', async () => {
  const { ports, worker, subscribe, publish: send } = yard();
  const { renew } = ports.store;
  const answer = Promise.withResolvers<void>();
  ports.store.renew = async (...asked) => {
    const renewed = await renew(...asked);
    await answer.promise;
    return renewed;
  };
  await worker.start();
  await subscribe();
  // The first renewal is asked for after 3 s and answered 9 s later, when what it gave has nearly run out again.
  await pass(ports, 9_000);
  await send(1);
  await pass(ports, 3_000);
  assert.equal(ports.sent.length, 0);
  ports.store.renew = renew;
  answer.resolve();
  await pass(ports, 1_000);
  assert.equal(ports.sent.length, 1);
});

test('that leases last again is told, also where it took more than one turn to have them all again', async () => {
  const ports = fakePorts();
  const told: string[] = [];
  const both = [0, 1].map((shard): Lease => ({ shard, epoch: 1, leaseUntilMs: 0, taken: 'clean' }));
  let left = [...both];
  let isReachable = true;
  const reached = (leases: readonly Lease[]) => (isReachable ? leases : assert.fail('out of reach'));
  const store = {
    ...ports.store,
    shards: both.length,
    renew: async () => reached(left),
    lease: async (_owner: string, shards: readonly number[]) =>
      reached(both.filter(({ shard }) => shards.includes(shard))),
    release: async () => {},
  };
  const news = { taken: ({ shard }: Lease) => told.push(`taken ${shard}`), sure: () => told.push('sure') };
  const leases = createLeases({ ...ports, store }, 'owner', news);
  await leases.start();
  isReachable = false;
  await pass(ports, 12_000);
  // One of them is left; the other cannot be taken before the next turn.
  [left, isReachable] = [both.slice(0, 1), true];
  const { lease } = store;
  store.lease = async () => assert.fail('out of reach');
  await pass(ports, 3_000);
  store.lease = lease;
  await pass(ports, 3_000);
  assert.deepEqual(told, ['taken 0', 'taken 1', 'taken 1', 'sure']);
  await leases.stop();
});
