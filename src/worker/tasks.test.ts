import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { twoProcesses } from '../../test/support/neighbours.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { quiet } from '../../test/support/worker.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { deleteSubscription } from '../flows/delete-subscription.ts';
import type { Task } from '../ports.ts';
import { runTasks } from './tasks.ts';

test('a task that fails stays due and holds up no other', async () => {
  const ports = fakePorts();
  const ids: string[] = [];
  for (let at = 0; at < 2; at++) {
    const { id } = await subscribe(ports);
    await deleteSubscription(ports, { tenant: DEFAULT_TENANT, id });
    ids.push(id);
  }
  const { openTickets } = ports.store;
  ports.store.openTickets = (id, limit) => (id === ids[0] ? Promise.reject(new Error('disk')) : openTickets(id, limit));
  assert.equal(await runTasks(ports, [0]), true);
  const left = await ports.store.claimTasks([0], 9);
  assert.deepEqual(
    left.map(({ ref }) => ref),
    [ids[0]],
  );
  assert.ok(ports.logged.includes('task.failed'));
  ports.store.openTickets = openTickets;
  await runTasks(ports, [0]);
  assert.deepEqual(await ports.store.claimTasks([0], 9), []);
});

test('between two steps of a fan-out, others have as long for themselves as a step took', async () => {
  const ports = fakePorts();
  for (let at = 0; at < 501; at++) await subscribe(ports);
  await emit(ports);
  const { settleTask } = ports.store;
  let steps = 0;
  ports.store.settleTask = (settlement) => {
    steps++;
    ports.clock.advance(4);
    return settleTask(settlement);
  };
  void runTasks(ports, [0]);
  await quiet();
  assert.equal(steps, 1);
  ports.clock.advance(3);
  await quiet();
  assert.equal(steps, 1);
  ports.clock.advance(1);
  await quiet();
  assert.equal(steps, 2);
});

test('a fan-out keeps the order of a subscription that another process made a moment before the event', async () => {
  const { here, there } = twoProcesses();
  await here.configuration.refresh(DEFAULT_TENANT);
  await subscribe(there, { ordered: true });
  const { id } = await emit(there, { orderingKey: 'k' });
  const task = { shard: 0, dueMs: 0, id, tenant: DEFAULT_TENANT, kind: 'fanout', ref: id, n: 0 } as const;
  const tasks: Task[] = [{ ...task, payload: new Uint8Array() }];
  const holds: unknown[] = [];
  here.store.claimTasks = async () => tasks.splice(0);
  here.store.settleTask = async ({ deliveries }) => {
    holds.push(...deliveries.map(({ hold }) => hold));
    return { kind: 'settled', tickets: [] };
  };
  await runTasks(here, [0]);
  assert.deepEqual(holds, [{ reason: 'ordered', key: 'k' }]);
});
