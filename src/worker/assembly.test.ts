import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { twoProcesses } from '../../test/support/neighbours.ts';
import { pass, quiet } from '../../test/support/worker.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { deleteSubscription } from '../flows/delete-subscription.ts';
import { pauseSubscription } from '../flows/pause-subscription.ts';
import { createWorker, DEFAULT_LIMITS } from './loop.ts';

const tenant = DEFAULT_TENANT;

/** A worker here that knows the tenant's configuration as it was, and is not told when another process changes it. */
async function scene() {
  const { here, there } = twoProcesses();
  await here.configuration.refresh(tenant);
  const worker = createWorker(here, { limits: DEFAULT_LIMITS });
  return {
    here,
    there,
    /** Runs the worker for a while; how deliveries then stand. */
    async work() {
      await worker.start();
      await quiet();
      await pass(here, 1000);
      const deliveries = await here.store.deliveries({ tenant, limit: 9 });
      await worker.drain(0);
      return deliveries.map((view) => view.last?.closes ?? 'open');
    },
  };
}

test('what another process published to a subscription that it made a moment ago is sent, not taken for deleted', async () => {
  const { here, there, work } = await scene();
  const { id } = await subscribe(there);
  await emit(there);
  assert.deepEqual(await work(), ['succeeded']);
  assert.equal(here.configuration.peekSubscription(id)?.id, id);
});

test('the same of a delivery in the lane of an ordered one', async () => {
  const { there, work } = await scene();
  await subscribe(there, { ordered: true });
  await emit(there, { orderingKey: 'k' });
  assert.deepEqual(await work(), ['succeeded']);
});

test('what another process published to a subscription that it made and paused a moment ago waits', async () => {
  const { here, there, work } = await scene();
  const { id } = await subscribe(there);
  await emit(there);
  await pauseSubscription(there, { tenant, id, paused: true });
  assert.deepEqual(await work(), ['open']);
  assert.equal(here.sent.length, 0);
});

test('while what is open of a deleted subscription is read, the configuration is not read again and again', async () => {
  const { here, there, work } = await scene();
  const { id } = await subscribe(there);
  for (let events = 0; events < 5; events++) await emit(there);
  await deleteSubscription(there, { tenant, id });
  const { configuration } = here.store;
  let reads = 0;
  here.store.configuration = (of) => {
    reads++;
    return configuration(of);
  };
  await work();
  assert.equal(here.sent.length, 0);
  assert.equal(reads, 1);
});
