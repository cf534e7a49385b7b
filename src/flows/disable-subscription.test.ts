import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { changeSubscription } from './change-subscription.ts';
import { disableGone } from './disable-subscription.ts';

test('a receiver that is gone switches its subscription off, as a version of its own, and says so once', async () => {
  const ports = fakePorts();
  const subscription = await subscribe(ports);
  await disableGone(ports, subscription);
  await disableGone(ports, subscription);
  const after = (await ports.configuration.of(DEFAULT_TENANT)).subscriptions.get(subscription.id);
  assert.deepEqual(after?.state, { kind: 'disabled', sinceMs: ports.clock.nowMs(), reason: 'gone' });
  assert.deepEqual([after?.version, after?.config], [2, subscription.config]);
  assert.equal(ports.logged.filter((event) => event === 'subscription.disabled').length, 1);
});

test('who changed the subscription meanwhile wins over a receiver that is gone', async () => {
  const ports = fakePorts();
  const subscription = await subscribe(ports);
  const change = { tenant: DEFAULT_TENANT, id: subscription.id, patch: { name: 'moved' }, ifVersion: null };
  await changeSubscription(ports, change);
  await disableGone(ports, subscription);
  const after = (await ports.configuration.of(DEFAULT_TENANT)).subscriptions.get(subscription.id);
  assert.equal(after?.state.kind, 'active');
});
