import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { deleteSubscription } from '../flows/delete-subscription.ts';
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
