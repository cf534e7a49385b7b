import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { StateChange, Store, SubscriptionRow } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aHealth,
  bytes,
  engineMs,
  entering,
  newId,
  OTHER_TENANT,
  only,
  publishedTo,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
} from './samples.ts';

/** P1 and the life of a subscription. */
export function subscriptions(sentence: Sentence): void {
  lives(sentence);
  pauses(sentence);
  deletions(sentence);
}

async function rowOf(store: Store): Promise<SubscriptionRow> {
  return only((await store.configuration(TENANT)).subscriptions);
}

function putting(store: Store, id: Id, version: number | null, config: string, state?: StateChange) {
  const change = { kind: 'put_subscription', id, config: bytes(config), createdBy: null, version } as const;
  return store.configure({ tenant: TENANT, change: state === undefined ? change : { ...change, state }, claims: [] });
}

function lives(sentence: Sentence): void {
  sentence('A5 a new subscription is version 1, active and healthy', async (under) => {
    const creator = newId();
    const id = newId();
    const change = { kind: 'put_subscription', id, config: bytes('one'), createdBy: creator, version: null } as const;
    const outcome = await under.store.configure({ tenant: TENANT, change, claims: [] });
    assert.ok(outcome.kind === 'changed' && outcome.version === 1);
    assert.deepEqual(await rowOf(under.store), {
      id,
      tenant: TENANT,
      version: 1,
      state: { kind: 'active' },
      pauses: [],
      createdAtMs: outcome.atMs,
      updatedAtMs: outcome.atMs,
      createdBy: creator,
      config: bytes('one'),
      health: aHealth(),
    });
  });

  sentence('A5 a subscription may be born in another state', async (under) => {
    await putting(under.store, newId(), null, 'one', { to: 'disabled', reason: 'user' });
    const { state } = await rowOf(under.store);
    assert.deepEqual(state.kind === 'disabled' && state.reason, 'user');
  });

  sentence('A5 a subscription is from when the caller says, and so is a version of it', async (under) => {
    const atMs = (await engineMs(under.store)) - 60_000;
    const id = newId();
    const put = { kind: 'put_subscription', id, config: bytes('one'), createdBy: null } as const;
    const state = { to: 'disabled', reason: 'user' } as const;
    await under.store.configure({ tenant: TENANT, change: { ...put, version: null, state, atMs }, claims: [] });
    const born = await rowOf(under.store);
    assert.deepEqual([born.createdAtMs, born.updatedAtMs], [atMs, atMs]);
    assert.deepEqual(born.state, { kind: 'disabled', sinceMs: atMs, reason: 'user' });
    await under.store.configure({ tenant: TENANT, change: { ...put, version: 1, atMs: atMs + 7 }, claims: [] });
    await under.crash();
    const changed = await rowOf(under.store);
    assert.deepEqual([changed.createdAtMs, changed.updatedAtMs, changed.state], [atMs, atMs + 7, born.state]);
  });

  sentence('A5 a changed subscription has the next version, and its past ones stay readable', async (under) => {
    const id = await subscribed(under.store);
    await under.advance(1_000);
    const outcome = await putting(under.store, id, 1, 'config 2');
    assert.equal(outcome.kind === 'changed' && outcome.version, 2);
    await under.crash();
    const row = await rowOf(under.store);
    assert.deepEqual([row.version, row.config, row.updatedAtMs > row.createdAtMs], [2, bytes('config 2'), true]);
    assert.deepEqual(await under.store.subscriptionVersion(TENANT, id, 1), bytes('config 1'));
    assert.deepEqual(await under.store.subscriptionVersion(TENANT, id, 2), bytes('config 2'));
    assert.equal(await under.store.subscriptionVersion(TENANT, id, 3), null);
    assert.equal(await under.store.subscriptionVersion(OTHER_TENANT, id, 1), null);
  });

  sentence('A5 a change leaves the state it does not name', async (under) => {
    const id = await subscribed(under.store);
    await entering(under.store, id, { to: 'disabled', reason: 'user+gone' });
    const { state: both } = await rowOf(under.store);
    assert.deepEqual(both.kind === 'disabled' && both.reason, 'user+gone');
    const outcome = await entering(under.store, id, { to: 'disabled', reason: 'gone' });
    await putting(under.store, id, outcome.version, 'config 2');
    assert.deepEqual((await rowOf(under.store)).state, { kind: 'disabled', reason: 'gone', sinceMs: outcome.atMs });
  });
}

function pauses(sentence: Sentence): void {
  sentence('P1 pausing records a pause, and leaving it closes it', async (under) => {
    const id = await subscribed(under.store);
    const paused = await entering(under.store, id, { to: 'paused' });
    const during = await rowOf(under.store);
    assert.deepEqual(during.state, { kind: 'paused', sinceMs: paused.atMs });
    assert.deepEqual(during.pauses, [{ fromMs: paused.atMs, toMs: null }]);
    await under.advance(60_000);
    const resumed = await entering(under.store, id, { to: 'active' });
    await under.crash();
    const after = await rowOf(under.store);
    assert.deepEqual(after.state, { kind: 'active' });
    assert.deepEqual(after.pauses, [{ fromMs: paused.atMs, toMs: resumed.atMs }]);
  });

  sentence('P1 pausing twice is one pause, pausing again later is another', async (under) => {
    const id = await subscribed(under.store);
    await entering(under.store, id, { to: 'paused' });
    const first = await rowOf(under.store);
    await under.advance(1_000);
    await entering(under.store, id, { to: 'paused' });
    const still = await rowOf(under.store);
    assert.deepEqual([still.pauses, still.state], [first.pauses, first.state]);
    await entering(under.store, id, { to: 'disabled', reason: 'user' });
    await under.advance(1_000);
    await entering(under.store, id, { to: 'paused' });
    const open = (await rowOf(under.store)).pauses.map((pause) => pause.toMs === null);
    assert.deepEqual(open, [false, true]);
  });
}

function deletions(sentence: Sentence): void {
  sentence('P1 a deleted subscription is gone from the configuration, its history hidden at once', async (under) => {
    const id = await subscribed(under.store);
    const [closed, open] = [await publishedTo(under.store, id), await publishedTo(under.store, id)];
    await settledAs(under.store, succeeding(closed));
    const change = { kind: 'delete_subscription', id, taskId: newId() } as const;
    assert.equal((await under.store.configure({ tenant: TENANT, change, claims: [] })).kind, 'changed');
    await under.crash();
    assert.deepEqual((await under.store.configuration(TENANT)).subscriptions, []);
    assert.deepEqual(await under.store.deliveries({ tenant: TENANT, limit: 10 }), []);
    assert.deepEqual(await under.store.deliveries({ tenant: TENANT, limit: 10, subscriptionId: id }), []);
    assert.equal(await under.store.delivery(TENANT, closed.deliveryId), null);
    assert.equal(await under.store.delivery(TENANT, open.deliveryId), null);
    assert.deepEqual(await under.store.subscriptionVersion(TENANT, id, 1), bytes('config 1'));
  });

  sentence('P1 a deleted subscription is missing to every later change', async (under) => {
    const id = await subscribed(under.store);
    const change = { kind: 'delete_subscription', id, taskId: newId() } as const;
    await under.store.configure({ tenant: TENANT, change, claims: [] });
    const later = [
      await under.store.configure({ tenant: TENANT, change, claims: [] }),
      await putting(under.store, id, 1, 'x', { to: 'active' }),
      await putting(under.store, id, 1, 'x'),
    ];
    assert.deepEqual(later, [{ kind: 'missing' }, { kind: 'missing' }, { kind: 'missing' }]);
    assert.equal((await under.store.claimTasks([0], 10)).length, 1);
  });
}
