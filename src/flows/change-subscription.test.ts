import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, problemOf, RECEIVER, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { inputOf, type SubscriptionInput } from '../core/subscription-input.ts';
import { type Changed, type ChangeSubscription, changeSubscription } from './change-subscription.ts';
import type { LiveSubscription } from './configuration.ts';
import { deleteSubscription } from './delete-subscription.ts';
import { putVersion } from './sealed-configuration.ts';

function change(ports: FakePorts, id: Id, more: Partial<ChangeSubscription>) {
  return changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch: {}, ifVersion: null, ...more });
}

async function changed(ports: FakePorts, id: Id, more: Partial<ChangeSubscription>): Promise<Changed> {
  const outcome = await change(ports, id, more);
  assert.ok(outcome.kind === 'changed', JSON.stringify(outcome));
  return outcome;
}

async function live(ports: FakePorts, id: Id): Promise<LiveSubscription | undefined> {
  return (await ports.configuration.of(DEFAULT_TENANT)).subscriptions.get(id);
}

describe('a change', () => {
  test('touches the fields it names and makes a new version', async () => {
    const ports = fakePorts();
    const { id, config } = await subscribe(ports, { events: ['ping'], timeout: 500, signatureSecret: 's' });
    const { subscription, generatedSecret } = await changed(ports, id, { patch: { name: 'two' } });
    assert.equal(subscription.version, 2);
    assert.deepEqual(subscription.config, { ...config, name: 'two' });
    assert.equal(generatedSecret, null);
    assert.deepEqual(await live(ports, id), subscription);
  });

  test('is not judged for what it does not touch by rules that are younger than what stands', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    const made = (await live(ports, id)) ?? assert.fail();
    const filters = [{ field: 'type', operator: 'not_equals', value: 'a.b' }] as const;
    const headers = { 'X-Forge-Event': 'mine', 'Accept-Encoding': 'gzip' };
    await putVersion(ports, made, { ...(made.config ?? assert.fail()), filters, headers, customCa: 'no PEM' });
    for (const enabled of [false, true]) {
      const { subscription } = await changed(ports, id, { enabled });
      assert.equal(subscription.state.kind, enabled ? 'active' : 'disabled');
    }
    const { subscription } = await changed(ports, id, { patch: { name: 'two', url: 'https://b.example.com/' } });
    assert.equal(subscription.config?.name, 'two');
    assert.deepEqual(subscription.config?.filters, filters);
    const refused = async (patch: Partial<SubscriptionInput>) => {
      const outcome = await change(ports, id, { patch });
      return outcome.kind === 'problem' ? outcome.errors?.map(({ pointer }) => pointer) : [];
    };
    assert.deepEqual(await refused({ filters }), ['/filters/0/field']);
    assert.deepEqual(await refused({ headers }), ['/headers/Accept-Encoding']);
    assert.deepEqual(await refused({ customCa: 'no PEM' }), ['/customCa']);
    assert.deepEqual(await refused({ profile: 'forge' }), ['/headers/X-Forge-Event'], 'what depends on it');
  });

  test('that sends everything back as it is changes nothing, asks no gate and makes no version', async () => {
    const ports = fakePorts();
    const { id, config } = await subscribe(ports, { profile: 'standard' });
    assert.ok(config !== null);
    const before = await live(ports, id);
    ports.vetted.of = () => ({ kind: 'unresolved', host: 'api.example.com', failure: 'timeout' });
    ports.clock.advance(1000);
    const { subscription } = await changed(ports, id, { patch: inputOf(config), enabled: true });
    assert.deepEqual(subscription, before);
    assert.equal(ports.vetted.asked.length, 1, 'when it was made');
  });

  test('of the URL asks the address gate', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await changed(ports, id, { patch: { url: `${RECEIVER}/2` } });
    assert.deepEqual(ports.vetted.asked, [RECEIVER, `${RECEIVER}/2`]);
    ports.vetted.of = () => ({ kind: 'unresolved', host: 'no.example', failure: 'not_found' });
    problemOf(await change(ports, id, { patch: { url: 'https://no.example' } }), 'url_unresolved');
    assert.equal((await live(ports, id))?.config?.url, `${RECEIVER}/2`);
  });

  test('to another way of authenticating leaves no credential of the old one', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports, { authType: 'basic', basicUsername: 'a', basicPassword: 'b' });
    const { subscription, generatedSecret } = await changed(ports, id, { patch: { authType: 'signature' } });
    assert.deepEqual(subscription.config?.auth, { type: 'signature' });
    assert.deepEqual(subscription.config?.signatureSecrets, [generatedSecret]);
  });

  test('that does not fit what stands is refused and changes nothing', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    const refused = problemOf(await change(ports, id, { patch: { bearerToken: 't' } }), 'validation_failed');
    assert.deepEqual(
      refused.errors?.map(({ pointer }) => pointer),
      ['/bearerToken'],
    );
    assert.equal((await live(ports, id))?.version, 1);
  });

  test('on a version that has passed is refused', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await changed(ports, id, { patch: { name: 'two' }, ifVersion: 1 });
    problemOf(await change(ports, id, { patch: { name: 'three' }, ifVersion: 1 }), 'precondition_failed');
    assert.equal((await live(ports, id))?.config?.name, 'two');
  });

  test('on no version in particular is made on what stands, also when another one comes in between', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    const outcomes = await Promise.all([
      changed(ports, id, { patch: { name: 'two' } }),
      changed(ports, id, { patch: { description: 'both' } }),
    ]);
    assert.deepEqual(outcomes.map(({ subscription }) => subscription.version).sort(), [2, 3]);
    const config = (await live(ports, id))?.config;
    assert.deepEqual([config?.name, config?.description], ['two', 'both']);
  });

  test('on no version in particular is made however many come at once, and is never 412', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    const names = Array.from({ length: 60 }, (_, at) => `name ${at}`);
    const outcomes = await Promise.all(names.map((name) => changed(ports, id, { patch: { name } })));
    const versions = outcomes.map(({ subscription }) => subscription.version);
    assert.deepEqual([new Set(versions).size, (await live(ports, id))?.version], [60, 61]);
  });

  test('that is overtaken again and again can be sent again, and is no broken condition', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    const configure = async () => ({ kind: 'conflict', version: 7 }) as const;
    const restless = { ...ports, store: { ...ports.store, configure } };
    const refused = problemOf(await change(restless, id, { patch: { name: 'x' } }), 'store_unavailable');
    assert.equal(refused.retryAfterSeconds, 1);
    problemOf(await change(restless, id, { patch: { name: 'x' }, ifVersion: 1 }), 'precondition_failed');
    await changed(ports, id, { patch: { name: 'x' } });
  });

  test('is made on the version another node wrote a moment ago', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    const elsewhere = {
      ...ports,
      configuration: fakePorts({ store: ports.store, sealer: ports.sealer }).configuration,
    };
    await changed(elsewhere, id, { patch: { name: 'two' } });
    assert.equal((await changed(ports, id, { patch: { name: 'three' }, ifVersion: 2 })).subscription.version, 3);
  });

  test('of what is not there, or cannot be opened, is refused', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    problemOf(await change(ports, DEFAULT_TENANT, { patch: { name: 'x' } }), 'not_found');
    problemOf(await changeSubscription(ports, { tenant: id, id, patch: {}, ifVersion: null }), 'not_found');
    const locked = fakePorts({
      store: ports.store,
      sealer: { ...ports.sealer, open: () => ({ kind: 'unavailable', keyId: 'k' }) },
    });
    problemOf(await change(locked, id, { patch: { name: 'x' } }), 'secret_unavailable');
    assert.ok(locked.logged.includes('subscription.secret_unavailable'));
  });
});

describe('switching a subscription', () => {
  test('off and on again makes versions, so that ETags move, and keeps its configuration', async () => {
    const ports = fakePorts();
    const { id, config } = await subscribe(ports);
    const off = await changed(ports, id, { enabled: false });
    assert.deepEqual(off.subscription.state, { kind: 'disabled', sinceMs: ports.clock.nowMs(), reason: 'user' });
    assert.equal((await emit(ports)).deliveries, 0);
    const on = await changed(ports, id, { enabled: true });
    assert.deepEqual([on.subscription.state, on.subscription.version], [{ kind: 'active' }, 3]);
    assert.deepEqual(on.subscription.config, config);
    assert.equal((await emit(ports)).deliveries, 1);
  });

  test('goes with a change of its fields', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    const { subscription } = await changed(ports, id, { patch: { name: 'two' }, enabled: false });
    assert.deepEqual([subscription.state.kind, subscription.config?.name], ['disabled', 'two']);
  });
});

test('a deleted subscription gets no event more, and cannot be deleted again', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports);
  await emit(ports);
  assert.deepEqual(await deleteSubscription(ports, { tenant: DEFAULT_TENANT, id }), { kind: 'deleted' });
  assert.equal((await emit(ports)).deliveries, 0);
  assert.equal((await ports.store.claimTasks([0], 9)).filter(({ kind }) => kind === 'cancel').length, 1);
  problemOf(await deleteSubscription(ports, { tenant: DEFAULT_TENANT, id }), 'not_found');
});
