import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, lastTicket, problemOf, stillOpen, subscribe, tryOnce } from '../../test/support/flows.ts';
import { answered, type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { describeFailure } from '../core/failure.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import type { Store, Ticket } from '../ports.ts';
import { cancelDelivery } from './cancel-delivery.ts';
import { pauseSubscription } from './pause-subscription.ts';

function cancel(ports: FakePorts, id: Id) {
  return cancelDelivery(ports, { tenant: DEFAULT_TENANT, id, by: null });
}

async function waiting(ports: FakePorts): Promise<Ticket> {
  await subscribe(ports);
  await emit(ports);
  return lastTicket(ports);
}

describe('a cancelled delivery', () => {
  test('is closed by a row that says who did it and that nothing was sent', async () => {
    const ports = fakePorts();
    const ticket = await waiting(ports);
    ports.answers.push(answered(500));
    await tryOnce(ports, ticket);
    assert.deepEqual(await cancel(ports, ticket.deliveryId), { kind: 'cancelled' });
    const view = await ports.store.delivery(DEFAULT_TENANT, ticket.deliveryId);
    assert.deepEqual([view?.open, view?.attempts, view?.last?.n, view?.last?.closes], [null, 1, 2, 'cancelled']);
    const words = describeFailure('cancelled', view?.last?.detail.facts ?? {}).error;
    assert.equal(words, 'Not sent: cancelled by an administrator.');
  });

  test('is not changed by the result of a try that was on its way', async () => {
    const ports = fakePorts();
    const ticket = await waiting(ports);
    await cancel(ports, ticket.deliveryId);
    const { settled } = await tryOnce(ports, ticket);
    assert.deepEqual(settled, { kind: 'lost' });
    assert.equal((await ports.store.delivery(DEFAULT_TENANT, ticket.deliveryId))?.last?.closes, 'cancelled');
  });

  for (const [where, recall] of [
    ['here', () => 'under_way'],
    ['where only another process could know', () => 'unknown'],
  ] as const) {
    test(`says that it may have arrived when a try is under way ${where}`, async () => {
      const ports = fakePorts();
      Object.assign(ports.dispatch, { recall });
      const ticket = await waiting(ports);
      await cancel(ports, ticket.deliveryId);
      const { detail, sent } = (await ports.store.delivery(DEFAULT_TENANT, ticket.deliveryId))?.last ?? assert.fail();
      assert.deepEqual([sent, detail.mayRepeat], [false, true]);
      const words = describeFailure('cancelled', detail.facts).error;
      assert.equal(words, 'Not sent but for try 1, which may have arrived: cancelled by an administrator.');
    });
  }

  test('was not sent by another process before its time, or while its subscription is paused', async () => {
    for (const paused of [true, false]) {
      const ports = fakePorts();
      Object.assign(ports.dispatch, { recall: () => 'unknown' });
      const ticket = await waiting(ports);
      ports.answers.push(answered(500));
      await tryOnce(ports, ticket);
      const pause = { tenant: DEFAULT_TENANT, id: ticket.subscriptionId, paused };
      if (paused) await pauseSubscription(ports, pause);
      if (paused) ports.clock.advance(60_000);
      await cancel(ports, ticket.deliveryId);
      const view = await ports.store.delivery(DEFAULT_TENANT, ticket.deliveryId);
      assert.equal(view?.last?.detail.mayRepeat, false);
    }
  });

  test('is cancelled too when a try is settled in the same moment', async () => {
    const { store } = fakePorts();
    let between: (() => Promise<void>) | null = null;
    const interrupted: Store = {
      ...store,
      settle: async (request) => {
        const run = between;
        between = null;
        await run?.();
        return store.settle(request);
      },
    };
    const ports = fakePorts({ store: interrupted });
    const ticket = await waiting(ports);
    between = async () => {
      ports.answers.push(answered(500));
      stillOpen((await tryOnce(ports, ticket)).settled);
    };
    assert.deepEqual(await cancel(ports, ticket.deliveryId), { kind: 'cancelled' });
    assert.equal((await ports.store.delivery(DEFAULT_TENANT, ticket.deliveryId))?.open, null);
  });

  test('cannot be one that has ended, or that is not there', async () => {
    const ports = fakePorts();
    const ticket = await waiting(ports);
    await tryOnce(ports, ticket);
    problemOf(await cancel(ports, ticket.deliveryId), 'delivery_closed');
    problemOf(await cancel(ports, ticket.eventId), 'not_found');
    problemOf(await cancelDelivery(ports, { tenant: ticket.eventId, id: ticket.deliveryId, by: null }), 'not_found');
  });
});
