import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, eventInput, lastTicket, problemOf, subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, deliveryIdFor } from '../core/ids.ts';
import type { Store } from '../ports.ts';
import { changeSubscription } from './change-subscription.ts';
import { pauseSubscription } from './pause-subscription.ts';
import { publish } from './publish.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('an accepted event', () => {
  test('is stored byte for byte with a delivery for each subscription that wants it, and handed over', async () => {
    const ports = fakePorts();
    const wanting = await subscribe(ports, { events: ['deployment.*'] });
    await subscribe(ports, { events: ['release.created'] });
    const data = bytes('{ "n":1.0, "big":12345678901234567890 }');
    const { id, deliveries } = await emit(ports, { data, value: { n: 1, big: 0 } });
    assert.equal(deliveries, 1);
    const stored = await ports.store.event(DEFAULT_TENANT, id);
    assert.deepEqual(stored?.event.data, data);
    assert.equal(lastTicket(ports).subscriptionId, wanting.id);
    assert.equal(lastTicket(ports).deliveryId, deliveryIdFor(id, wanting.id, ports.mac.sha256));
  });

  test('is matched by what its parsed data says', async () => {
    const ports = fakePorts();
    await subscribe(ports, { filters: [{ field: 'data.env', operator: 'equals', value: 'production' }] });
    assert.equal((await emit(ports, { value: { env: 'staging' } })).deliveries, 0);
    assert.equal((await emit(ports, { value: { env: 'production' } })).deliveries, 1);
  });

  test('waits in the lane of a subscription that is paused, and passes by one that is disabled', async () => {
    const ports = fakePorts();
    const paused = await subscribe(ports);
    await subscribe(ports, {}, false);
    await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id: paused.id, paused: true });
    assert.equal((await emit(ports)).deliveries, 1);
    assert.equal(lastTicket(ports).place.kind, 'lane');
  });

  test('reaches a subscription that another node has made since this one looked', async () => {
    const ports = fakePorts();
    await emit(ports);
    const elsewhere = {
      ...ports,
      configuration: fakePorts({ store: ports.store, sealer: ports.sealer }).configuration,
    };
    await subscribe(elsewhere);
    assert.equal((await emit(ports)).deliveries, 1);
  });

  test('is refused for the moment when the configuration never stands still', async () => {
    const { store } = fakePorts();
    const restless: Store = { ...store, append: async () => ({ kind: 'stale', configVersion: 1 }) };
    const ports = fakePorts({ store: restless });
    assert.equal(problemOf(await publish(ports, eventInput(ports)), 'store_unavailable').retryAfterSeconds, 1);
    assert.equal(ports.offered.length, 0);
  });
});

describe('an event sent twice', () => {
  test('under one id is one event, and the second answer says so', async () => {
    const ports = fakePorts();
    await subscribe(ports);
    const first = await emit(ports, { id: 'order-1' });
    const second = await emit(ports, { id: 'order-1' });
    assert.deepEqual(second, { ...first, repeats: 'id' });
    assert.equal((await ports.store.events({ tenant: DEFAULT_TENANT, limit: 10 })).length, 1);
    assert.equal(ports.offered.length, 1);
  });

  test('under one id with another body is refused', async () => {
    const ports = fakePorts();
    await emit(ports, { id: 'order-1' });
    const again = await publish(ports, eventInput(ports, { id: 'order-1', value: { n: 2 } }));
    assert.match(problemOf(again, 'idempotency_mismatch').detail ?? '', /`id`/);
  });

  test('under one Idempotency-Key is one event, also after the configuration has changed', async () => {
    const ports = fakePorts();
    const subscription = await subscribe(ports);
    const first = await emit(ports, { idempotencyKey: 'k1' });
    const patch = { patch: { name: 'other' }, ifVersion: null };
    await changeSubscription(ports, { tenant: DEFAULT_TENANT, id: subscription.id, ...patch });
    assert.deepEqual(await emit(ports, { idempotencyKey: 'k1' }), { ...first, repeats: 'key' });
    const other = await publish(ports, eventInput(ports, { idempotencyKey: 'k1', value: 'other' }));
    assert.match(problemOf(other, 'idempotency_mismatch').detail ?? '', /Idempotency-Key/);
  });

  test('without an id or key is two events', async () => {
    const ports = fakePorts();
    assert.notEqual((await emit(ports)).id, (await emit(ports)).id);
  });
});
