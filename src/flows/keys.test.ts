import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import type { KeyRow, Store } from '../ports.ts';
import { createAuthenticate } from './authenticate.ts';
import { type CreateKey, createKey, freshKey, keyRow, revokeKey } from './keys.ts';

async function made(ports: FakePorts, more: Partial<CreateKey> = {}): Promise<{ key: KeyRow; secret: string }> {
  const request: CreateKey = { tenant: DEFAULT_TENANT, name: 'ci', role: 'publisher', expiresAtMs: null, ...more };
  const outcome = await createKey(ports, request);
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome));
  return outcome;
}

/** A store that counts how often a key is looked up. */
function counting(store: Store): { store: Store; lookups: () => number } {
  let count = 0;
  const keyByHash: Store['keyByHash'] = (hash) => {
    count++;
    return store.keyByHash(hash);
  };
  return { store: { ...store, keyByHash }, lookups: () => count };
}

describe('a key', () => {
  test('tells who it belongs to, and its text is stored nowhere', async () => {
    const ports = fakePorts();
    const { key, secret } = await made(ports);
    assert.match(secret, /^hky_[A-Za-z0-9_-]{43}$/);
    const identity = { kind: 'known', id: key.id, tenant: DEFAULT_TENANT, role: 'publisher' };
    assert.deepEqual(await ports.authenticate(secret), identity);
    const [row] = await ports.store.keys(DEFAULT_TENANT);
    assert.deepEqual([row?.prefix, row?.hash], [secret.slice(0, 10), new Uint8Array(ports.mac.sha256(secret))]);
  });

  test('that nobody made is unknown', async () => {
    const ports = fakePorts();
    const { secret } = await made(ports);
    for (const key of ['', `${secret}x`, secret.slice(0, -1), freshKey(ports.random)]) {
      assert.deepEqual(await ports.authenticate(key), { kind: 'unknown' }, key);
    }
  });

  test('is unknown from the millisecond it expires', async () => {
    const ports = fakePorts();
    const { secret } = await made(ports, { expiresAtMs: ports.clock.nowMs() + 100 });
    ports.clock.advance(99);
    assert.equal((await ports.authenticate(secret)).kind, 'known');
    ports.clock.advance(1);
    assert.equal((await ports.authenticate(secret)).kind, 'unknown');
  });

  test('that would expire before it is used is not made', async () => {
    const ports = fakePorts();
    const expiresAtMs = ports.clock.nowMs();
    const outcome = await createKey(ports, { tenant: DEFAULT_TENANT, name: 'ci', role: 'publisher', expiresAtMs });
    assert.deepEqual(problemOf(outcome, 'validation_failed').errors, [
      { pointer: '/expiresAt', message: 'Must lie in the future.' },
    ]);
    assert.equal((await ports.store.keys(DEFAULT_TENANT)).length, 0);
  });

  test('is refused on this node as soon as it is revoked, also where it was just believed', async () => {
    const ports = fakePorts();
    const { key, secret } = await made(ports);
    assert.equal((await ports.authenticate(secret)).kind, 'known');
    assert.deepEqual(await revokeKey(ports, { tenant: DEFAULT_TENANT, id: key.id }), { kind: 'revoked' });
    assert.equal((await ports.authenticate(secret)).kind, 'unknown');
  });

  test('is refused after a revocation that came while it was being looked up', async () => {
    const { store } = fakePorts();
    let meanwhile: (() => Promise<unknown>) | null = null;
    const slow: Store = {
      ...store,
      keyByHash: async (hash) => {
        const row = await store.keyByHash(hash);
        const run = meanwhile;
        meanwhile = null;
        await run?.();
        return row;
      },
    };
    const ports = fakePorts({ store: slow });
    const { key, secret } = await made(ports);
    meanwhile = () => revokeKey(ports, { tenant: DEFAULT_TENANT, id: key.id });
    assert.equal((await ports.authenticate(secret)).kind, 'unknown');
  });

  test('is refused within a second when another node revokes it', async () => {
    const ports = fakePorts();
    const { key, secret } = await made(ports);
    await ports.authenticate(secret);
    await ports.store.configure({ tenant: DEFAULT_TENANT, change: { kind: 'revoke_key', id: key.id }, claims: [] });
    ports.clock.advance(1000);
    assert.equal((await ports.authenticate(secret)).kind, 'unknown');
  });

  test('cannot be revoked by another tenant', async () => {
    const ports = fakePorts();
    const { key, secret } = await made(ports);
    problemOf(await revokeKey(ports, { tenant: key.id, id: key.id }), 'not_found');
    assert.equal((await ports.authenticate(secret)).kind, 'known');
  });

  test('is looked up once a second at most, and noted as used once a minute', async () => {
    const { store, lookups } = counting(fakePorts().store);
    const ports = fakePorts({ store });
    const { secret } = await made(ports);
    for (let at = 0; at < 5; at++) await ports.authenticate(secret);
    assert.equal(lookups(), 1);
    ports.clock.advance(1000);
    await ports.authenticate(secret);
    assert.equal(lookups(), 2);
    assert.notEqual((await store.keys(DEFAULT_TENANT))[0]?.lastUsedAtMs, null);
  });

  test('given from outside needs no store', async () => {
    const { store, lookups } = counting(fakePorts().store);
    const ports = fakePorts({ store });
    const row = keyRow(ports, { tenant: DEFAULT_TENANT, name: 'given', role: 'admin', expiresAtMs: null }, 'given-key');
    const authenticate = createAuthenticate(ports, new Map([[Buffer.from(row.hash).toString('hex'), row]]));
    assert.deepEqual(await authenticate('given-key'), {
      kind: 'known',
      id: row.id,
      tenant: DEFAULT_TENANT,
      role: 'admin',
    });
    assert.equal(lookups(), 0);
  });
});
