import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { twoProcesses } from '../../test/support/neighbours.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import type { Configuration, Sealer, Store } from '../ports.ts';
import { changeSubscription } from './change-subscription.ts';
import { createConfigurationCache, subscriptionContext } from './configuration.ts';

const empty = (version: number): Configuration => ({ version, subscriptions: [], sources: [] });

/** A store whose reads of the configuration are answered one by one, by hand. */
function handOperated() {
  const waiting: PromiseWithResolvers<Configuration>[] = [];
  const store: Store = {
    ...fakePorts().store,
    configuration: () => {
      const read = Promise.withResolvers<Configuration>();
      waiting.push(read);
      return read.promise;
    },
  };
  return { store, waiting };
}

/** Lets everything that can happen now happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the configuration in memory', () => {
  test('is read once, and again when asked to', async () => {
    const ports = fakePorts();
    assert.equal(ports.configuration.peek(DEFAULT_TENANT), undefined);
    const first = await ports.configuration.of(DEFAULT_TENANT);
    assert.equal(await ports.configuration.of(DEFAULT_TENANT), first);
    assert.equal(ports.configuration.peek(DEFAULT_TENANT), first);
    assert.notEqual(await ports.configuration.refresh(DEFAULT_TENANT), first);
  });

  test('finds a subscription of any tenant', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    await ports.configuration.of(id);
    assert.equal(ports.configuration.peekSubscription(id)?.id, id);
    assert.equal(ports.configuration.peekSubscription(DEFAULT_TENANT), undefined);
  });

  test('is read by one read for all who ask before it begins, and by another for who asks later', async () => {
    const { store, waiting } = handOperated();
    const cache = createConfigurationCache({ ...fakePorts(), store });
    const early = [cache.refresh(DEFAULT_TENANT), cache.refresh(DEFAULT_TENANT)];
    await settled();
    assert.equal(waiting.length, 1);
    const late = [cache.refresh(DEFAULT_TENANT), cache.refresh(DEFAULT_TENANT)];
    await settled();
    assert.equal(waiting.length, 1, 'one read at a time');
    waiting[0]?.resolve(empty(1));
    await settled();
    assert.equal(waiting.length, 2);
    waiting[1]?.resolve(empty(2));
    const versions = (await Promise.all([...early, ...late])).map(({ version }) => version);
    assert.deepEqual(versions, [1, 1, 2, 2]);
  });

  test('never goes back to an older version', async () => {
    const { store, waiting } = handOperated();
    const cache = createConfigurationCache({ ...fakePorts(), store });
    for (const version of [5, 4]) {
      const read = cache.refresh(DEFAULT_TENANT);
      await settled();
      waiting.at(-1)?.resolve(empty(version));
      assert.equal((await read).version, 5);
    }
  });

  test('is read again after a read that failed', async () => {
    const { store, waiting } = handOperated();
    const cache = createConfigurationCache({ ...fakePorts(), store });
    const failing = cache.refresh(DEFAULT_TENANT);
    const next = cache.of(DEFAULT_TENANT);
    await settled();
    waiting[0]?.reject(new Error('the disk is full'));
    await assert.rejects(Promise.all([failing, next]), /disk/);
    const again = cache.of(DEFAULT_TENANT);
    await settled();
    waiting[1]?.resolve(empty(1));
    assert.equal((await again).version, 1);
  });
});

describe('a configuration that another process changes', () => {
  test('is new to who asks for the current one, and as it was to the hot paths', async () => {
    const { here, there } = twoProcesses();
    const before = await here.configuration.of(DEFAULT_TENANT);
    const { id } = await subscribe(there);
    assert.equal(await here.configuration.of(DEFAULT_TENANT), before);
    assert.ok((await here.configuration.current(DEFAULT_TENANT)).subscriptions.has(id));
    assert.ok(here.configuration.peek(DEFAULT_TENANT)?.subscriptions.has(id));
  });

  test('is read again by who has seen a later version, and by nobody else', async () => {
    const { here, there } = twoProcesses();
    const { version } = await here.configuration.of(DEFAULT_TENANT);
    await subscribe(there);
    assert.equal((await here.configuration.of(DEFAULT_TENANT, version)).version, version);
    assert.equal((await here.configuration.of(DEFAULT_TENANT, version + 1)).version, version + 1);
  });

  test('is not read again while its version stands, however many ask', async () => {
    const { here, there } = twoProcesses();
    await subscribe(there);
    const { configuration, configVersion } = here.store;
    const read = { configurations: 0, versions: 0 };
    here.store.configuration = (tenant) => {
      read.configurations++;
      return configuration(tenant);
    };
    here.store.configVersion = (tenant) => {
      read.versions++;
      return configVersion(tenant);
    };
    const ask = () => Promise.all(Array.from({ length: 10 }, () => here.configuration.current(DEFAULT_TENANT)));
    await ask();
    assert.deepEqual(read, { configurations: 1, versions: 0 });
    await ask();
    assert.equal(read.configurations, 1);
    assert.ok(read.versions <= 2, `${read.versions}`);
  });

  test('is nothing to ask the store for where one process owns it', async () => {
    const ports = fakePorts();
    await subscribe(ports);
    ports.store.configVersion = () => assert.fail('the store was asked');
    assert.equal((await ports.configuration.current(DEFAULT_TENANT)).version, 1);
  });
});

test('a configuration stored before the fields of today is read with their defaults, and PATCH finds it unchanged', async () => {
  const ports = fakePorts();
  const { id, config } = await subscribe(ports);
  assert.ok(config !== null);
  const { rateLimit: _rate, ordered: _order, autoDisableThreshold: _threshold, ...older } = config;
  const sealed = ports.sealer.seal(
    subscriptionContext(DEFAULT_TENANT, id),
    new TextEncoder().encode(JSON.stringify(older)),
  );
  const change = { kind: 'put_subscription', id, config: sealed, createdBy: null, version: 1 } as const;
  await ports.store.configure({ tenant: DEFAULT_TENANT, change, claims: [] });
  const read = (await ports.configuration.refresh(DEFAULT_TENANT)).subscriptions.get(id);
  assert.deepEqual([read?.version, read?.config], [2, config]);
  const patch = { name: config.name, ordered: false };
  const outcome = await changeSubscription(ports, { tenant: DEFAULT_TENANT, id, patch, ifVersion: null });
  assert.equal(outcome.kind === 'changed' && outcome.subscription.version, 2);
});

describe('a subscription whose sealing key is missing', () => {
  test('is there without its configuration, and is whole again once the key is back', async () => {
    const ports = fakePorts();
    const { id, config } = await subscribe(ports);
    let isLost = true;
    const sealer: Sealer = {
      ...ports.sealer,
      open: (context, sealed) => (isLost ? { kind: 'unavailable', keyId: 'k1' } : ports.sealer.open(context, sealed)),
    };
    const cache = createConfigurationCache({ ...ports, sealer });
    const blind = (await cache.of(DEFAULT_TENANT)).subscriptions.get(id);
    assert.deepEqual([blind?.config, blind?.missingKeyId], [null, 'k1']);
    assert.deepEqual(ports.logged, ['subscription.secret_unavailable']);
    isLost = false;
    const whole = (await cache.refresh(DEFAULT_TENANT)).subscriptions.get(id);
    assert.deepEqual([whole?.config, whole?.missingKeyId], [config, null]);
  });

  test('keeps working on the node that had opened it', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    let opened = 0;
    const sealer: Sealer = {
      ...ports.sealer,
      open: (...of) => (opened++ === 0 ? ports.sealer.open(...of) : { kind: 'unavailable', keyId: 'k' }),
    };
    const cache = createConfigurationCache({ ...ports, sealer });
    const before = (await cache.of(DEFAULT_TENANT)).subscriptions.get(id);
    const after = (await cache.refresh(DEFAULT_TENANT)).subscriptions.get(id);
    assert.ok(before?.config !== null && after?.config === before?.config);
  });
});
