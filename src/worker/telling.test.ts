import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventInput } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import type { Dispatch, Handover, Hint, Ticket } from '../ports.ts';
import { dispatchless, telling } from './telling.ts';

const SUBSCRIPTION: Id = '01900000-0000-7000-8000-0000000000aa';
const DELIVERY: Id = '01900000-0000-7000-8000-0000000000bb';

function ticketOn(shard: number): Ticket {
  const place = { kind: 'due', shard, dueMs: 0 } as const;
  return { deliveryId: DELIVERY, eventId: DELIVERY, subscriptionId: SUBSCRIPTION, n: 0, kind: 'first', place };
}

function handover(...shards: number[]): Handover {
  const { data, type, tenant } = eventInput(fakePorts());
  const source = { kind: 'api', id: null } as const;
  const event = { id: DELIVERY, tenant, type, owner: null, externalId: null, orderingKey: null, tags: [], headers: {} };
  return { event: { ...event, occurredAtMs: 0, acceptedAtMs: 0, source, data }, tickets: shards.map(ticketOn) };
}

/** A dispatch, and neighbours, that note in one list what reaches them. */
function scene(held: readonly number[] = []) {
  const noted: unknown[] = [];
  const local: Dispatch = {
    offer: ({ tickets }) => noted.push(`offered ${tickets.length}`),
    hold: () => 'circuit',
    recall: () => 'under_way',
    withdraw: (id) => noted.push(`withdrawn ${id}`),
    configurationChanged: (id) => noted.push(`changed ${id}`),
  };
  const neighbours = { tell: (hint: Hint) => noted.push(hint) };
  return { noted, neighbours, dispatch: telling(local, neighbours, (shard) => held.includes(shard)) };
}

describe('the dispatch of one process among others', () => {
  test('tells of work on shards that it does not hold, each once, after its own worker has it', () => {
    const { noted, dispatch } = scene([1]);
    dispatch.offer(handover(1, 4, 2, 4));
    assert.deepEqual(noted, ['offered 4', { kind: 'work', shards: [4, 2] }]);
  });

  test('tells nothing of work that is all its own, or of none', () => {
    const { noted, dispatch } = scene([1, 2]);
    dispatch.offer(handover(1, 2, 1));
    dispatch.offer(handover());
    assert.deepEqual(noted, ['offered 3', 'offered 0']);
  });

  test('tells of deliveries that were closed and of configurations that changed, and asks nobody what is held', () => {
    const { noted, dispatch } = scene();
    dispatch.withdraw(DELIVERY);
    dispatch.configurationChanged(DEFAULT_TENANT);
    assert.deepEqual(noted, [
      `withdrawn ${DELIVERY}`,
      { kind: 'closed', deliveryIds: [DELIVERY] },
      `changed ${DEFAULT_TENANT}`,
      { kind: 'configuration', tenants: [DEFAULT_TENANT] },
    ]);
    assert.equal(dispatch.hold(SUBSCRIPTION), 'circuit');
    assert.equal(dispatch.recall(ticketOn(1)), 'under_way');
  });

  test('without a worker tells of all work, and holds nothing back', () => {
    const { noted, neighbours } = scene([1, 2]);
    const dispatch = dispatchless(neighbours);
    dispatch.offer(handover(1, 2));
    dispatch.withdraw(DELIVERY);
    dispatch.configurationChanged(DEFAULT_TENANT);
    assert.deepEqual(noted, [
      { kind: 'work', shards: [1, 2] },
      { kind: 'closed', deliveryIds: [DELIVERY] },
      { kind: 'configuration', tenants: [DEFAULT_TENANT] },
    ]);
    assert.equal(dispatch.hold(SUBSCRIPTION), null);
    assert.equal(dispatch.recall(ticketOn(1)), 'unknown', 'another process may be sending it');
  });
});
