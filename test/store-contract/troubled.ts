import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { Health, StateChange, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { aHealth, bytes, entering, newId, OTHER_TENANT, subscribed, TENANT } from './samples.ts';

/** Streaks of failures: what ends them, and who has one. */
export function troubled(sentence: Sentence): void {
  streaks(sentence);
  lists(sentence);
}

const FAILING = aHealth({
  consecutiveFailures: 50,
  firstFailureAtMs: 7,
  toldPercent: 100,
  lastDeliveryAtMs: 9,
  lastStatusCode: 503,
  lastSuccessAtMs: 3,
  lastFailureAtMs: 9,
});

async function failing(store: Store, id: Id, health: Health = FAILING): Promise<void> {
  await store.settle({ settlements: [], health: new Map([[id, health]]) });
}

async function healthOf(store: Store, id: Id): Promise<Health | undefined> {
  return (await store.health(TENANT, [id])).get(id);
}

const DISABLED = { to: 'disabled', reason: 'failures' } as const;

function streaks(sentence: Sentence): void {
  sentence('P1 switching on again ends the streak and keeps what its owner was told', async (under) => {
    const id = await subscribed(under.store);
    await failing(under.store, id);
    await entering(under.store, id, DISABLED);
    assert.deepEqual(await healthOf(under.store, id), FAILING);
    await entering(under.store, id, { to: 'active' });
    await under.crash();
    assert.deepEqual(await healthOf(under.store, id), { ...FAILING, consecutiveFailures: 0, firstFailureAtMs: null });
  });

  sentence('P1 a change of configuration that leaves it switched off keeps the streak', async (under) => {
    const id = await subscribed(under.store);
    await failing(under.store, id);
    await entering(under.store, id, DISABLED);
    const change = { kind: 'put_subscription', id, config: bytes('2'), createdBy: null, version: 2 } as const;
    await under.store.configure({ tenant: TENANT, change, claims: [] });
    assert.deepEqual(await healthOf(under.store, id), FAILING);
  });

  sentence('P1 every other change of state keeps the streak', async (under) => {
    const id = await subscribed(under.store);
    await failing(under.store, id);
    const changes: readonly StateChange[] = [{ to: 'active' }, { to: 'paused' }, { to: 'active' }, DISABLED];
    for (const state of [...changes, { to: 'paused' } as const, { to: 'active' } as const]) {
      await entering(under.store, id, state);
      assert.deepEqual(await healthOf(under.store, id), FAILING, state.to);
    }
  });
}

function lists(sentence: Sentence): void {
  sentence('Q1 troubled subscriptions are those with a streak and those switched off, by id', async (under) => {
    const { store } = under;
    const [well, streak, off, paused] = [newId(), newId(), newId(), newId()];
    for (const id of [paused, off, streak, well]) await subscribed(store, id);
    await failing(store, streak, { ...FAILING, toldPercent: 50 });
    await failing(store, well, { ...FAILING, consecutiveFailures: 0, firstFailureAtMs: null });
    await entering(store, off, { to: 'disabled', reason: 'user' });
    await entering(store, paused, { to: 'paused' });
    await under.crash();
    const both = [
      { id: streak, health: { ...FAILING, toldPercent: 50 } },
      { id: off, health: aHealth() },
    ];
    assert.deepEqual(await under.store.troubled(TENANT, 10), both);
    assert.deepEqual(await under.store.troubled(TENANT, 1), both.slice(0, 1));
    await entering(under.store, off, { to: 'active' });
    assert.deepEqual(await under.store.troubled(TENANT, 10), both.slice(0, 1));
  });

  sentence('Q1 neither deleted ones nor those of another tenant are troubled', async (under) => {
    const { store } = under;
    const [deleted, foreign] = [await subscribed(store), await subscribed(store, newId(), OTHER_TENANT)];
    for (const id of [deleted, foreign]) await failing(store, id);
    await entering(store, deleted, DISABLED);
    const change = { kind: 'delete_subscription', id: deleted, taskId: newId() } as const;
    await store.configure({ tenant: TENANT, change, claims: [] });
    assert.deepEqual(await store.troubled(TENANT, 10), []);
    assert.deepEqual(
      (await store.troubled(OTHER_TENANT, 10)).map(({ id }) => id),
      [foreign],
    );
  });
}
