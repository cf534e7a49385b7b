import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, lastTicket, subscribe, tryOnce } from '../../test/support/flows.ts';
import { answered, fakePorts } from '../../test/support/ports.ts';
import { quiet } from '../../test/support/worker.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { cancelDelivery } from '../flows/cancel-delivery.ts';
import type { Item } from './item.ts';
import type { LaneRules } from './lane.ts';
import { wakeAll, wakeKeys } from './lane-keys.ts';
import { createLanes, feed, leaseTaken, left } from './lanes.ts';

const DELAY_MS = 3_600_000;

/** Rules under which everything may be sent; `accepted` is what was. */
function freely(accepted: Item[]): LaneRules {
  return {
    room: () => 8,
    safe: () => true,
    during: (_shard, writing) => writing,
    isHeld: () => false,
    mostInMemory: () => 8,
    full: () => false,
    known: () => false,
    accept: (item) => void accepted.push(item),
    ready: async () => {},
    emptied: () => {},
    keeps: () => false,
    restored: () => {},
  };
}

test('of all keys that are woken, those whose first item was closed go on, and the others wait for their time', async () => {
  const ports = fakePorts();
  const accepted: Item[] = [];
  const lanes = createLanes(ports, freely(accepted));
  const retryPolicy = { maxRetries: 1, backoffType: 'fixed', backoffSeconds: DELAY_MS / 1000 } as const;
  await subscribe(ports, { ordered: true, retryPolicy });
  const ticketOf = async (orderingKey: string) => {
    await emit(ports, { orderingKey });
    return lastTicket(ports);
  };
  const [open, closed] = [await ticketOf('a'), await ticketOf('b')];
  const behind = await ticketOf('b');
  const taken = () => accepted.splice(0).map(({ ticket }) => ticket.deliveryId);
  leaseTaken(lanes, { shard: open.place.shard, epoch: 1, leaseUntilMs: 0, taken: 'clean' });
  await quiet();
  for (const item of accepted) {
    ports.answers.push(answered(500));
    const { settled } = await tryOnce(ports, item.ticket);
    left(lanes, item, settled, DELAY_MS);
  }
  assert.deepEqual(taken(), [open.deliveryId, closed.deliveryId]);
  await cancelDelivery(ports, { tenant: DEFAULT_TENANT, id: closed.deliveryId, by: null });
  wakeKeys(lanes);
  feed(lanes);
  await quiet();
  assert.deepEqual(taken(), []);
  wakeAll(lanes);
  feed(lanes);
  await quiet();
  assert.deepEqual(taken(), [behind.deliveryId]);
  assert.deepEqual([...lanes.resting.keys()], [open.deliveryId]);
  ports.clock.advance(DELAY_MS);
  wakeKeys(lanes);
  await quiet();
  assert.deepEqual(taken(), [open.deliveryId]);
});
