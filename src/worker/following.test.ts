import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { quiet } from '../../test/support/worker.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { createKey, revokeKey } from '../flows/keys.ts';
import { createFollowing, type Following } from './following.ts';

interface Scene {
  /** The process that changes things. */
  there: FakePorts;
  /** The one that follows. */
  here: FakePorts;
  following: Following;
  /** What was passed on here, in order. */
  changed: Id[];
  /** Times that the store was asked for versions. */
  asked(): number;
  /** What asking comes to from now on; null: the versions. */
  fail(error: Error | null): void;
  /** Asking takes until this is called. */
  hold(): () => void;
  /** Moves the clock of this process. */
  pass(ms: number): Promise<void>;
}

/** Two processes on one store; the follower is started and has passed on what it knew. */
async function scene(): Promise<Scene> {
  const there = fakePorts();
  const here = fakePorts({ store: there.store });
  const changed: Id[] = [];
  let asked = 0;
  let failure: Error | null = null;
  let gate = Promise.resolve();
  const neighbours = {
    configVersions: async (tenants: readonly Id[]) => {
      asked++;
      if (failure !== null) throw failure;
      const read = await Promise.all(
        tenants.map(async (tenant) => [tenant, await there.store.configVersion(tenant)] as const),
      );
      await gate;
      return new Map(read);
    },
  };
  await here.configuration.of(DEFAULT_TENANT);
  const following = createFollowing({ ...here, neighbours }, (tenant) => changed.push(tenant));
  following.start();
  const pass = async (ms: number) => {
    here.clock.advance(ms);
    await quiet();
  };
  await pass(600);
  changed.length = 0;
  return {
    there,
    here,
    following,
    changed,
    asked: () => asked,
    fail: (error) => {
      failure = error;
    },
    hold: () => {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      return held.resolve;
    },
    pass,
  };
}

describe('a process that follows the configuration of others', () => {
  test('knows within 600 ms what another one changed, and passes it on once', async () => {
    const { there, here, changed, pass } = await scene();
    const { id } = await subscribe(there);
    assert.equal(here.configuration.peekSubscription(id), undefined);
    await pass(600);
    assert.equal(here.configuration.peekSubscription(id)?.id, id);
    assert.deepEqual(changed, [DEFAULT_TENANT]);
    await pass(600);
    await pass(600);
    assert.deepEqual(changed, [DEFAULT_TENANT]);
  });

  test('looks at once when it is told', async () => {
    const { there, here, following, pass } = await scene();
    const { id } = await subscribe(there);
    following.hint();
    await pass(0);
    assert.equal(here.configuration.peekSubscription(id)?.id, id);
  });

  test('looks again after a look that was under way when it was told', async () => {
    const { there, here, following, hold, asked, pass } = await scene();
    const go = hold();
    await pass(600);
    const { id } = await subscribe(there);
    const before = asked();
    following.hint();
    following.hint();
    await pass(600);
    assert.equal(asked(), before, 'one look at a time');
    go();
    await pass(0);
    assert.equal(asked(), before + 1);
    assert.equal(here.configuration.peekSubscription(id)?.id, id);
  });

  test('passes on what publishing found out before it', async () => {
    const { there, here, changed, pass } = await scene();
    const { id } = await subscribe(there);
    // The append is refused as stale, and the cache is new when it is accepted.
    await emit(here);
    assert.equal(here.configuration.peekSubscription(id)?.id, id);
    assert.deepEqual(changed, []);
    await pass(600);
    assert.deepEqual(changed, [DEFAULT_TENANT]);
  });

  test('does not find again what this process changed and passed on itself', async () => {
    const { here, following, changed, pass } = await scene();
    await subscribe(here);
    following.configurationChanged(DEFAULT_TENANT);
    assert.deepEqual(changed, [DEFAULT_TENANT]);
    await pass(600);
    assert.deepEqual(changed, [DEFAULT_TENANT]);
  });

  test('leaves tenants alone that nobody asked for here', async () => {
    const { there, here, following, changed, pass } = await scene();
    const other: Id = '01900000-0000-7000-8000-00000000abcd';
    await createKey(there, { tenant: other, name: 'k', role: 'admin', expiresAtMs: null });
    following.hint();
    await pass(600);
    assert.equal(here.configuration.peek(other), undefined);
    assert.deepEqual(changed, []);
  });

  for (const way of ['the next look', 'a hint'] as const) {
    test(`believes no revoked key after ${way}`, async () => {
      const { there, here, following, pass } = await scene();
      const made = await createKey(there, { tenant: DEFAULT_TENANT, name: 'k', role: 'admin', expiresAtMs: null });
      assert.ok(made.kind === 'created');
      await pass(600);
      assert.equal((await here.authenticate(made.secret)).kind, 'known');
      await revokeKey(there, { tenant: DEFAULT_TENANT, id: made.key.id });
      assert.equal((await here.authenticate(made.secret)).kind, 'known', 'believed for a second otherwise');
      if (way === 'a hint') following.hint();
      else await pass(600);
      assert.equal((await here.authenticate(made.secret)).kind, 'unknown');
    });
  }

  test('says once that the store does not answer, goes on, and says it again the next time', async () => {
    const { there, here, fail, pass } = await scene();
    const failures = () => here.logged.filter((line) => line === 'configuration.follow_failed').length;
    fail(new Error('away'));
    for (let polls = 0; polls < 4; polls++) await pass(600);
    assert.equal(failures(), 1);
    fail(null);
    const { id } = await subscribe(there);
    await pass(600);
    assert.equal(here.configuration.peekSubscription(id)?.id, id);
    fail(new Error('away again'));
    await pass(600);
    assert.equal(failures(), 2);
  });

  test('one tenant whose configuration cannot be read keeps nobody else from theirs', async () => {
    const { there, here, changed, pass } = await scene();
    const other: Id = '01900000-0000-7000-8000-00000000abcd';
    await here.configuration.of(other);
    await createKey(there, { tenant: other, name: 'k', role: 'admin', expiresAtMs: null });
    await subscribe(there);
    const { configuration } = there.store;
    there.store.configuration = async (tenant) => {
      if (tenant === other) throw new Error('unreadable');
      return configuration(tenant);
    };
    await pass(600);
    assert.deepEqual(changed, [DEFAULT_TENANT]);
    assert.deepEqual(here.logged.at(-1), 'configuration.follow_failed');
  });

  test('asks and passes on nothing once it is stopped, and says when that is', async () => {
    const { there, here, following, hold, changed, asked, pass } = await scene();
    await subscribe(there);
    const go = hold();
    await pass(600);
    let isOver = false;
    const over = following.stop().then(() => {
      isOver = true;
    });
    await pass(0);
    assert.equal(isOver, false);
    there.store.configuration = () => assert.fail('the configuration was read');
    go();
    await over;
    assert.equal(here.logged.includes('configuration.follow_failed'), false);
    const before = asked();
    following.hint();
    await pass(5000);
    assert.deepEqual([changed, asked()], [[], before]);
  });

  test('passes nothing on that was being read when it was stopped', async () => {
    const { there, following, changed, pass } = await scene();
    await subscribe(there);
    const { configuration } = there.store;
    const held = Promise.withResolvers<void>();
    there.store.configuration = async (tenant) => {
      await held.promise;
      return configuration(tenant);
    };
    await pass(600);
    const over = following.stop();
    held.resolve();
    await over;
    assert.deepEqual(changed, []);
  });
});
