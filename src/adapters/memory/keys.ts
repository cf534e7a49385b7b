import type { Id } from '../../core/ids.ts';
import type { KeyRow } from '../../ports/store.ts';
import type { Change, Changed } from './change.ts';
import { copyOf, sameBytes } from './copy.ts';
import type { Tables } from './tables.ts';

/** Keys have no versions: each stands at 1 for ever. */
const KEY_VERSION = 1;

export function putKey(tables: Tables, tenant: Id, { key, atMs }: Change<'put_key'>): Changed {
  if (tables.keys.has(key.id)) return { kind: 'conflict', version: KEY_VERSION };
  const born = { tenant, createdAtMs: atMs ?? tables.nowMs(), lastUsedAtMs: null, revokedAtMs: null };
  tables.keys.set(key.id, { ...copyOf(key), ...born });
  return { kind: 'changed', version: KEY_VERSION };
}

export function revokeKey(tables: Tables, tenant: Id, id: Id): Changed {
  const key = tables.keys.get(id);
  if (key?.tenant !== tenant) return { kind: 'missing' };
  key.revokedAtMs ??= tables.nowMs();
  return { kind: 'changed', version: KEY_VERSION };
}

export function keyByHash(tables: Tables, hash: Uint8Array): KeyRow | null {
  const key = tables.keys.values().find((row) => sameBytes(row.hash, hash));
  return key === undefined ? null : copyOf(key);
}

export function keysOf(tables: Tables, tenant: Id): KeyRow[] {
  return copyOf([...tables.keys.values()].filter((key) => key.tenant === tenant));
}

export function touchKeys(tables: Tables, ids: readonly Id[]): void {
  for (const id of ids) {
    const key = tables.keys.get(id);
    if (key !== undefined) key.lastUsedAtMs = tables.nowMs();
  }
}
