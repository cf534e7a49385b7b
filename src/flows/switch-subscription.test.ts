import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { changeSubscription } from './change-subscription.ts';
import type { LiveSubscription } from './configuration.ts';
import { pauseSubscription } from './pause-subscription.ts';
import { switchOff, switchOn } from './switch-subscription.ts';

async function standing(ports: FakePorts, id: Id): Promise<LiveSubscription> {
  const { subscriptions } = await ports.configuration.of(DEFAULT_TENANT);
  return subscriptions.get(id) ?? assert.fail('the subscription is there');
}

async function change(ports: FakePorts, id: Id, enabled?: boolean): Promise<void> {
  const request = { tenant: DEFAULT_TENANT, id, patch: { name: 'moved' }, ifVersion: null };
  await changeSubscription(ports, enabled === undefined ? request : { ...request, enabled });
}

describe('a receiver that is gone or fails for too long', () => {
  for (const reason of ['gone', 'failures'] as const) {
    test(`switches its subscription off for "${reason}", as a version of its own, and says so once`, async () => {
      const ports = fakePorts();
      const subscription = await subscribe(ports);
      await switchOff(ports, subscription, reason);
      await switchOff(ports, subscription, reason);
      const after = await standing(ports, subscription.id);
      assert.deepEqual(after.state, { kind: 'disabled', sinceMs: ports.clock.nowMs(), reason });
      assert.deepEqual([after.version, after.config], [2, subscription.config]);
      await switchOff(ports, after, reason);
      assert.equal((await standing(ports, after.id)).version, 2);
      assert.equal(ports.logged.filter((event) => event === 'subscription.disabled').length, 1);
    });
  }

  test('loses against who changed the subscription meanwhile', async () => {
    const ports = fakePorts();
    const subscription = await subscribe(ports);
    await change(ports, subscription.id);
    await switchOff(ports, subscription, 'gone');
    assert.equal((await standing(ports, subscription.id)).state.kind, 'active');
  });

  test('leaves a paused subscription paused', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await pauseSubscription(ports, { tenant: DEFAULT_TENANT, id, paused: true });
    await switchOff(ports, await standing(ports, id), 'failures');
    assert.equal((await standing(ports, id)).state.kind, 'paused');
  });

  test('is probed no more once it says that it is gone', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await switchOff(ports, await standing(ports, id), 'failures');
    await switchOff(ports, await standing(ports, id), 'gone');
    const { state } = await standing(ports, id);
    assert.ok(state.kind === 'disabled' && state.reason === 'gone');
    await switchOff(ports, await standing(ports, id), 'failures');
    assert.deepEqual((await standing(ports, id)).state, state);
  });
});

describe('a person and the program', () => {
  for (const reason of ['gone', 'failures'] as const) {
    test(`must both allow a subscription that was switched off for "${reason}"`, async () => {
      const ports = fakePorts();
      const { id } = await subscribe(ports);
      const reasonAfter = async (enabled: boolean) => {
        await change(ports, id, enabled);
        const { state } = await standing(ports, id);
        return state.kind === 'disabled' ? state.reason : state.kind;
      };
      await switchOff(ports, await standing(ports, id), reason);
      assert.equal(await reasonAfter(true), reason);
      assert.equal(await reasonAfter(false), `user+${reason}`);
      await switchOn(ports, await standing(ports, id));
      assert.equal(await reasonAfter(false), `user+${reason}`);
      assert.equal(await reasonAfter(true), reason);
    });
  }

  test('are both overruled by enabling', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await switchOff(ports, await standing(ports, id), 'failures');
    await change(ports, id, false);
    const enabling = { tenant: DEFAULT_TENANT, id, patch: {}, cleared: true, ifVersion: null } as const;
    await changeSubscription(ports, enabling);
    assert.deepEqual((await standing(ports, id)).state, { kind: 'active' });
  });
});

describe('a probe that got through', () => {
  test('switches on what failures switched off, as a version of its own', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await switchOff(ports, await standing(ports, id), 'failures');
    const off = await standing(ports, id);
    await switchOn(ports, off);
    await switchOn(ports, off);
    const after = await standing(ports, id);
    assert.deepEqual([after.state.kind, after.version], ['active', 3]);
    assert.equal(ports.logged.filter((event) => event === 'subscription.enabled').length, 1);
  });

  test('leaves what a person switched off, and what said that it is gone', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await change(ports, id, false);
    await switchOn(ports, await standing(ports, id));
    assert.equal((await standing(ports, id)).state.kind, 'disabled');
    await change(ports, id, true);
    await switchOff(ports, await standing(ports, id), 'gone');
    await switchOn(ports, await standing(ports, id));
    assert.equal((await standing(ports, id)).state.kind, 'disabled');
    assert.ok(!ports.logged.includes('subscription.enabled'));
  });
});
