/** API keys: digests only. A key has one version, 1. */
import type { Id } from '../../core/ids.ts';
import type { KeyRow, Role } from '../../ports/store.ts';
import type { Changed, ChangeOf } from '../sql/change.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import type { Writer } from './turn.ts';

export function putKey(writer: Writer, tenant: Id, { key, atMs }: ChangeOf<'put_key'>): Changed {
  const { id, name, role, prefix, hash, expiresAtMs } = key;
  const madeMs = atMs ?? writer.nowMs;
  const put = writer.db.run('put_key', blob(id), blob(tenant), name, role, prefix, hash, madeMs, expiresAtMs);
  return put === 1 ? { kind: 'done', version: 1 } : { kind: 'missing' };
}

export function revokeKey(writer: Writer, tenant: Id, { id }: ChangeOf<'revoke_key'>): Changed {
  const revoked = writer.db.run('revoke_key', writer.nowMs, blob(id), blob(tenant));
  return revoked === 1 ? { kind: 'done', version: 1 } : { kind: 'missing' };
}

export function touchKeys(writer: Writer, ids: readonly Id[]): void {
  for (const id of ids) writer.db.run('touch_key', writer.nowMs, blob(id));
}

/** A row of `api_key`. */
export interface ApiKeyRow {
  id: Uint8Array;
  tenant: Uint8Array;
  name: string;
  role: Role;
  prefix: string;
  hash: Uint8Array;
  created_ms: number;
  expires_ms: number | null;
  last_used_ms: number | null;
  revoked_ms: number | null;
}

export function keyRow(row: ApiKeyRow): KeyRow {
  const { name, role, prefix, hash } = row;
  return {
    id: idOf(row.id),
    tenant: idOf(row.tenant),
    name,
    role,
    prefix,
    hash,
    createdAtMs: row.created_ms,
    expiresAtMs: row.expires_ms,
    lastUsedAtMs: row.last_used_ms,
    revokedAtMs: row.revoked_ms,
  };
}
