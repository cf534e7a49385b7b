import assert from 'node:assert/strict';
import type { ConfigChange, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { engineMs, newId, OTHER_TENANT, only, sha256, TENANT } from './samples.ts';

/** Keys of the API. */
export function keys(sentence: Sentence): void {
  sentence('K1 a key is found by its hash with its tenant and role', async (under) => {
    const key = aKey({ expiresAtMs: 99 });
    const fromMs = await engineMs(under.store);
    await changing(under.store, { kind: 'put_key', key });
    await under.crash();
    const found = await under.store.keyByHash(key.hash);
    assert.ok(found !== null && found.createdAtMs >= fromMs);
    const rest = { tenant: TENANT, createdAtMs: found.createdAtMs, lastUsedAtMs: null, revokedAtMs: null };
    assert.deepEqual(found, { ...key, ...rest });
    assert.equal(await under.store.keyByHash(sha256('unknown')), null);
  });

  sentence('K1 a key is from when the caller says', async (under) => {
    const key = aKey();
    const atMs = (await engineMs(under.store)) - 60_000;
    await changing(under.store, { kind: 'put_key', key, atMs });
    assert.equal((await under.store.keyByHash(key.hash))?.createdAtMs, atMs);
  });

  sentence("K1 a tenant's keys are listed, and nobody else's", async (under) => {
    const [a, b] = [aKey(), aKey()];
    await changing(under.store, { kind: 'put_key', key: a });
    await changing(under.store, { kind: 'put_key', key: b });
    const listed = (await under.store.keys(TENANT)).map((key) => key.id);
    assert.deepEqual(listed.toSorted(), [a.id, b.id].toSorted());
    assert.deepEqual(await under.store.keys(OTHER_TENANT), []);
  });

  sentence('K2 a revoked key says since when, and the first revocation counts', async (under) => {
    const key = aKey();
    await changing(under.store, { kind: 'put_key', key });
    const outcome = await changing(under.store, { kind: 'revoke_key', id: key.id });
    await under.advance(1_000);
    await changing(under.store, { kind: 'revoke_key', id: key.id });
    const atMs = outcome.kind === 'changed' ? outcome.atMs : null;
    assert.equal((await under.store.keyByHash(key.hash))?.revokedAtMs, atMs);
    assert.equal(only(await under.store.keys(TENANT)).revokedAtMs, atMs);
  });

  sentence("K2 another tenant's key cannot be revoked", async (under) => {
    const key = aKey();
    await changing(under.store, { kind: 'put_key', key });
    const change = { kind: 'revoke_key', id: key.id } as const;
    assert.deepEqual(await under.store.configure({ tenant: OTHER_TENANT, change, claims: [] }), { kind: 'missing' });
    assert.equal((await under.store.keyByHash(key.hash))?.revokedAtMs, null);
  });

  sentence('K3 the last use of a key is noted', async (under) => {
    const [used, unused] = [aKey(), aKey()];
    await changing(under.store, { kind: 'put_key', key: used });
    await changing(under.store, { kind: 'put_key', key: unused });
    await under.advance(5_000);
    const fromMs = await engineMs(under.store);
    await under.store.touchKeys([used.id, newId()]);
    assert.ok(((await under.store.keyByHash(used.hash))?.lastUsedAtMs ?? 0) >= fromMs);
    assert.equal((await under.store.keyByHash(unused.hash))?.lastUsedAtMs, null);
  });
}

function aKey(changes: { expiresAtMs?: number } = {}) {
  const id = newId();
  return {
    id,
    name: 'ci',
    role: 'publisher',
    prefix: 'hk_abc',
    hash: sha256(id),
    expiresAtMs: null,
    ...changes,
  } as const;
}

function changing(store: Store, change: ConfigChange) {
  return store.configure({ tenant: TENANT, change, claims: [] });
}
