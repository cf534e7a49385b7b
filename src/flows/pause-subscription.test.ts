import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, problemOf, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { changeSubscription } from './change-subscription.ts';
import type { LiveSubscription } from './configuration.ts';
import { pauseSubscription } from './pause-subscription.ts';

async function paused(ports: FakePorts, id: Id, isPaused: boolean): Promise<LiveSubscription> {
  const outcome = await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id, paused: isPaused });
  assert.ok(outcome.kind === 'changed', JSON.stringify(outcome));
  return outcome.subscription;
}

test('a pause and its end are versions, and the configuration stays', async () => {
  const ports = fakePorts();
  const { id, config } = await subscribe(ports);
  const fromMs = ports.clock.nowMs();
  const held = await paused(ports, id, true);
  assert.deepEqual([held.version, held.state, held.config], [2, { kind: 'paused', sinceMs: fromMs }, config]);
  ports.clock.advance(500);
  const again = await paused(ports, id, false);
  assert.deepEqual([again.version, again.state, again.config], [3, { kind: 'active' }, config]);
  assert.deepEqual(again.pauses, [{ fromMs, toMs: fromMs + 500 }]);
});

test('a second pause is the first, and there is nothing to resume in an active subscription', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports);
  assert.equal((await paused(ports, id, false)).version, 1);
  const first = await paused(ports, id, true);
  ports.clock.advance(500);
  assert.deepEqual(await paused(ports, id, true), first);
});

test('a paused subscription still gets deliveries, in its lane', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports);
  await paused(ports, id, true);
  assert.equal((await emit(ports)).deliveries, 1);
  const [view] = await ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 9 });
  assert.deepEqual([view?.open?.place.kind, view?.open?.hold?.reason], ['lane', 'paused']);
});

test('a disabled subscription is neither paused nor resumed', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports, {}, false);
  for (const isPaused of [true, false]) {
    problemOf(
      await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id, paused: isPaused }),
      'subscription_disabled',
    );
  }
  assert.equal((await ports.configuration.of(DEFAULT_TENANT)).subscriptions.get(id)?.version, 1);
});

test('disabling ends a pause, enabling makes active, and a paused subscription counts as enabled', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports);
  const enable = (enabled: boolean) =>
    changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, enabled, ifVersion: null });
  await paused(ports, id, true);
  const still = await enable(true);
  assert.ok(still.kind === 'changed');
  assert.deepEqual([still.subscription.version, still.subscription.state.kind], [2, 'paused']);
  const off = await enable(false);
  assert.ok(off.kind === 'changed');
  assert.equal(off.subscription.state.kind, 'disabled');
  assert.ok(off.subscription.pauses.every(({ toMs }) => toMs !== null));
  const on = await enable(true);
  assert.equal(on.kind === 'changed' && on.subscription.state.kind, 'active');
});

test('a pause and another change at once both happen', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports);
  const change = { tenant: DEFAULT_TENANT, id, patch: { name: 'two' }, ifVersion: null };
  await Promise.all([changeSubscription(ports, change), paused(ports, id, true)]);
  const after = (await ports.configuration.of(DEFAULT_TENANT)).subscriptions.get(id);
  assert.deepEqual([after?.version, after?.state.kind, after?.config?.name], [3, 'paused', 'two']);
});

test('what is not there, or of another tenant, cannot be paused', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports);
  problemOf(await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id: DEFAULT_TENANT, paused: true }), 'not_found');
  problemOf(await pauseSubscription(ports, { tenant: id, id, paused: true }), 'not_found');
});
