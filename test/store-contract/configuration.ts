import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { ConfigChange, ConfigureOutcome, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { aClaim, bytes, engineMs, newId, OTHER_TENANT, only, sha256, subscribed, TENANT } from './samples.ts';

/** Versions of configuration (A5), sources. */
export function configuration(sentence: Sentence): void {
  versions(sentence);
  sources(sentence);
  refusals(sentence);
}

function changing(store: Store, change: ConfigChange, tenant: Id = TENANT): Promise<ConfigureOutcome> {
  return store.configure({ tenant, change, claims: [] });
}

function puttingSource(id: Id, version: number | null, config = 'config') {
  const urlKeyHash = sha256(id);
  return {
    kind: 'put_source',
    id,
    config: bytes(config),
    createdBy: null,
    enabled: true,
    urlKeyHash,
    version,
  } as const;
}

function versions(sentence: Sentence): void {
  sentence('A5 a tenant without configuration is at version 0 and empty', async (under) => {
    assert.equal(await under.store.configVersion(TENANT), 0);
    assert.deepEqual(await under.store.configuration(TENANT), { version: 0, subscriptions: [], sources: [] });
  });

  sentence("A5 every change bumps its tenant's version by one, and no other's", async (under) => {
    const [hook, source, key] = [newId(), newId(), newId()];
    const put = { kind: 'put_subscription', id: hook, config: bytes('c'), createdBy: null } as const;
    const row = { id: key, name: 'n', role: 'admin', prefix: 'p', hash: sha256(key), expiresAtMs: null } as const;
    const changes: readonly ConfigChange[] = [
      { ...put, version: null },
      { ...put, version: 1 },
      { ...put, version: 2, state: { to: 'paused' } },
      puttingSource(source, null),
      { kind: 'put_key', key: row },
      { kind: 'revoke_key', id: key },
      { kind: 'delete_source', id: source },
      { kind: 'delete_subscription', id: hook, taskId: newId() },
    ];
    const seen: (number | string)[] = [];
    for (const change of changes) {
      const outcome = await changing(under.store, change);
      seen.push(outcome.kind === 'changed' ? outcome.configVersion : outcome.kind);
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
    await under.crash();
    assert.equal(await under.store.configVersion(TENANT), 8);
    assert.equal(await under.store.configVersion(OTHER_TENANT), 0);
  });

  sentence('A5 a change says when it happened, on the engine clock', async (under) => {
    const fromMs = await engineMs(under.store);
    const outcome = await changing(under.store, puttingSource(newId(), null));
    assert.ok(outcome.kind === 'changed' && outcome.atMs >= fromMs);
  });
}

function sources(sentence: Sentence): void {
  sentence('A5 a source is from when the caller says, and so is a version of it', async (under) => {
    const id = newId();
    const atMs = (await engineMs(under.store)) - 60_000;
    await changing(under.store, { ...puttingSource(id, null), atMs });
    await changing(under.store, { ...puttingSource(id, 1), atMs: atMs + 7 });
    const [source] = (await under.store.configuration(TENANT)).sources;
    assert.deepEqual([source?.createdAtMs, source?.updatedAtMs], [atMs, atMs + 7]);
  });

  sentence('A5 a source is made, changed at its version and deleted', async (under) => {
    const id = newId();
    const creator = newId();
    await changing(under.store, { ...puttingSource(id, null, 'one'), createdBy: creator });
    const [made] = (await under.store.configuration(TENANT)).sources;
    assert.deepEqual([made?.version, made?.enabled, made?.urlKeyHash, made?.createdBy], [1, true, sha256(id), creator]);
    await under.advance(1_000);
    const change = { ...puttingSource(id, 1, 'two'), enabled: false, urlKeyHash: null };
    const outcome = await changing(under.store, change);
    assert.equal(outcome.kind === 'changed' && outcome.version, 2);
    await under.crash();
    const source = only((await under.store.configuration(TENANT)).sources);
    assert.deepEqual(
      [source.version, source.enabled, source.urlKeyHash, source.createdBy, source.config],
      [2, false, null, creator, bytes('two')],
    );
    assert.ok(source.updatedAtMs > source.createdAtMs && source.createdAtMs === made?.createdAtMs);
    assert.equal((await changing(under.store, { kind: 'delete_source', id })).kind, 'changed');
    assert.deepEqual((await under.store.configuration(TENANT)).sources, []);
  });

  sentence("A5 another tenant's sources and subscriptions are not in the configuration", async (under) => {
    await changing(under.store, puttingSource(newId(), null), OTHER_TENANT);
    await subscribed(under.store, newId(), OTHER_TENANT);
    assert.deepEqual(await under.store.configuration(TENANT), { version: 0, subscriptions: [], sources: [] });
  });
}

function refusals(sentence: Sentence): void {
  sentence('A5 a change of another version than the one stored is a conflict and changes nothing', async (under) => {
    const source = newId();
    const hook = await subscribed(under.store);
    await changing(under.store, puttingSource(source, null));
    const put = { kind: 'put_subscription', id: hook, config: bytes('x'), createdBy: null } as const;
    const conflict = { kind: 'conflict', version: 1 };
    assert.deepEqual(await changing(under.store, { ...put, version: 2 }), conflict);
    assert.deepEqual(await changing(under.store, { ...put, version: null }), conflict);
    assert.deepEqual(await changing(under.store, puttingSource(source, 0, 'x')), conflict);
    assert.equal(await under.store.configVersion(TENANT), 2);
    assert.deepEqual(only((await under.store.configuration(TENANT)).subscriptions).config, bytes('config 1'));
  });

  sentence('A5 what is deleted at another version than the one stored stays', async (under) => {
    const source = newId();
    const hook = await subscribed(under.store);
    await changing(under.store, puttingSource(source, null));
    const deletions: readonly ConfigChange[] = [
      { kind: 'delete_subscription', id: hook, taskId: newId() },
      { kind: 'delete_source', id: source },
    ];
    for (const deletion of deletions) {
      const refused = await changing(under.store, { ...deletion, version: 2 } as ConfigChange);
      assert.deepEqual(refused, { kind: 'conflict', version: 1 }, deletion.kind);
    }
    const { version, subscriptions, sources: doors } = await under.store.configuration(TENANT);
    assert.deepEqual([version, subscriptions.length, doors.length], [2, 1, 1]);
    assert.deepEqual(await under.store.claimTasks([0], 10), []);
    for (const deletion of deletions) {
      const outcome = await changing(under.store, { ...deletion, version: 1 } as ConfigChange);
      assert.equal(outcome.kind, 'changed', deletion.kind);
    }
  });

  sentence('A5 of two changes of one version at once, one is the conflict', async (under) => {
    const hook = await subscribed(under.store);
    const put = { kind: 'put_subscription', id: hook, config: bytes('x'), createdBy: null, version: 1 } as const;
    const outcomes = await Promise.all([changing(under.store, put), changing(under.store, put)]);
    assert.deepEqual(outcomes.map((outcome) => outcome.kind).sort(), ['changed', 'conflict']);
  });

  sentence('A5 a change of what is not there, or is not theirs, is missing and takes no key', async (under) => {
    const hook = await subscribed(under.store);
    const put = { kind: 'put_subscription', config: bytes('x'), createdBy: null, version: 1 } as const;
    const missing: readonly [ConfigChange, Id][] = [
      [{ ...put, id: newId() }, TENANT],
      [{ ...put, id: hook }, OTHER_TENANT],
      [{ ...put, id: newId(), state: { to: 'paused' } }, TENANT],
      [{ ...put, id: hook, state: { to: 'paused' } }, OTHER_TENANT],
      [{ kind: 'delete_subscription', id: hook, taskId: newId() }, OTHER_TENANT],
      [{ kind: 'delete_subscription', id: newId(), taskId: newId() }, TENANT],
      [puttingSource(newId(), 1), TENANT],
      [{ kind: 'delete_source', id: newId() }, TENANT],
      [{ kind: 'revoke_key', id: newId() }, TENANT],
    ];
    for (const [change, tenant] of missing) {
      const outcome = await under.store.configure({ tenant, change, claims: [aClaim('k')] });
      assert.deepEqual(outcome, { kind: 'missing' }, change.kind);
    }
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'k'), null);
    assert.deepEqual([await under.store.configVersion(TENANT), await under.store.configVersion(OTHER_TENANT)], [1, 0]);
    assert.deepEqual(await under.store.claimTasks([0], 10), []);
  });
}
