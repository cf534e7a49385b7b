import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, lastTicket, problemOf, stillOpen, subscribe, tryOnce } from '../../test/support/flows.ts';
import { answered, type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import type { SubscriptionInput } from '../core/subscription-input.ts';
import type { IdempotencyClaim, Ticket } from '../ports.ts';
import { changeSubscription } from './change-subscription.ts';
import { deleteSubscription } from './delete-subscription.ts';
import { type Redeliver, redeliver } from './redeliver.ts';

function again(ports: FakePorts, id: Id, more: Partial<Redeliver> = {}) {
  return redeliver(ports, { tenant: DEFAULT_TENANT, id, by: null, ...more });
}

/** A delivery that a receiver has refused for good. */
async function failed(ports: FakePorts, input: Partial<SubscriptionInput> = {}): Promise<Ticket> {
  await subscribe(ports, input);
  await emit(ports);
  const ticket = lastTicket(ports);
  ports.answers.push(answered(400));
  await tryOnce(ports, ticket);
  return ticket;
}

function sentBody(ports: FakePorts, at: number): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(ports.sent[at]?.body)) as Record<string, unknown>;
}

describe('a redelivery', () => {
  test('is a delivery of its own that points back, with the same data under a new id and time', async () => {
    const ports = fakePorts();
    const first = await failed(ports, { signatureSecret: 's' });
    ports.clock.advance(86_400_000);
    const made = await again(ports, first.deliveryId);
    assert.ok(made.kind === 'made');
    await tryOnce(ports, lastTicket(ports));
    const view = await ports.store.delivery(DEFAULT_TENANT, made.deliveryId);
    assert.deepEqual([view?.kind, view?.redeliverOf, view?.attempts], ['redelivery', first.deliveryId, 1]);
    const [before, after] = [sentBody(ports, 0), sentBody(ports, 1)];
    assert.deepEqual(after.data, before.data);
    assert.deepEqual([before.id, after.id], [first.deliveryId, made.deliveryId]);
    assert.equal(after.timestamp, new Date(ports.clock.nowMs()).toISOString());
    assert.equal(ports.sent[1]?.headers['webhook-id'], ports.sent[0]?.headers['webhook-id']);
  });

  test('of a standard delivery keeps id and time of the event', async () => {
    const ports = fakePorts();
    const first = await failed(ports, { profile: 'standard' });
    ports.clock.advance(86_400_000);
    await again(ports, first.deliveryId);
    await tryOnce(ports, lastTicket(ports));
    assert.deepEqual(sentBody(ports, 1), sentBody(ports, 0));
  });

  test('leaves the schedule of the first as it is', async () => {
    const ports = fakePorts();
    await subscribe(ports);
    await emit(ports);
    const ticket = lastTicket(ports);
    ports.answers.push(answered(500));
    const open = stillOpen((await tryOnce(ports, ticket)).settled);
    await again(ports, ticket.deliveryId);
    assert.deepEqual((await ports.store.delivery(DEFAULT_TENANT, ticket.deliveryId))?.open?.place, open.place);
  });

  test('has a schedule of its own, counted from when it was asked for', async () => {
    const ports = fakePorts();
    const first = await failed(ports, { retryPolicy: { maxAgeSeconds: 60 } });
    ports.clock.advance(86_400_000);
    await again(ports, first.deliveryId);
    ports.answers.push(answered(500));
    const { tried } = await tryOnce(ports, lastTicket(ports));
    assert.deepEqual(tried.judgement.next, { kind: 'retry', delayMs: 10_000 });
  });

  test('asked for twice under one key is made once', async () => {
    const ports = fakePorts();
    const { deliveryId } = await failed(ports);
    const claim: IdempotencyClaim = { scope: 's', key: 'k', bodyHash: new Uint8Array(1), answer: new Uint8Array(2) };
    assert.equal((await again(ports, deliveryId, { claims: () => [claim] })).kind, 'made');
    assert.deepEqual(await again(ports, deliveryId, { claims: () => [claim] }), {
      kind: 'repeated',
      scope: 's',
      answer: claim.answer,
    });
    const other = { ...claim, bodyHash: new Uint8Array(3) };
    problemOf(await again(ports, deliveryId, { claims: () => [other] }), 'idempotency_mismatch');
    assert.equal((await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 9 })).length, 2);
  });

  test('is refused while its subscription is disabled, and when it is gone or another tenant asks', async () => {
    const ports = fakePorts();
    const { deliveryId, subscriptionId: id } = await failed(ports);
    problemOf(await again(ports, deliveryId, { tenant: id }), 'not_found');
    await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, enabled: false, ifVersion: null });
    problemOf(await again(ports, deliveryId), 'subscription_disabled');
    await deleteSubscription(ports, { tenant: DEFAULT_TENANT, id });
    problemOf(await again(ports, deliveryId), 'not_found');
  });
});
