import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pass, quiet, yard } from '../../test/support/worker.ts';

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
