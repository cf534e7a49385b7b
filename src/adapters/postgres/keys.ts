/** API keys: digests only. A key has one version, 1. */
import type { Id } from '../../core/ids.ts';
import type { KeyRow, Role } from '../../ports/store.ts';
import type { Changed, ChangeOf } from '../sql/change.ts';
import type { Changing } from './changing.ts';
import type { Session } from './database.ts';

export async function putKey(
  { session, tenant, nowMs }: Changing,
  { key, atMs = nowMs }: ChangeOf<'put_key'>,
): Promise<Changed> {
  const { id, name, role, prefix, hash, expiresAtMs } = key;
  const values = { id, tenant, name, role, prefix, hash, now: atMs, expires: expiresAtMs };
  return (await session.run('put_key', values)) === 1 ? { kind: 'done', version: 1 } : { kind: 'missing' };
}

export async function revokeKey(
  { session, tenant, nowMs }: Changing,
  { id }: ChangeOf<'revoke_key'>,
): Promise<Changed> {
  const revoked = await session.run('revoke_key', { now: nowMs, id, tenant });
  return revoked === 1 ? { kind: 'done', version: 1 } : { kind: 'missing' };
}

export async function touchKeys(session: Session, ids: readonly Id[]): Promise<void> {
  await session.run('touch_keys', { ids });
}

/** A row of `api_key`. */
interface ApiKeyRow {
  id: Id;
  tenant: Id;
  name: string;
  role: Role;
  prefix: string;
  hash: Uint8Array;
  created_ms: number;
  expires_ms: number | null;
  last_used_ms: number | null;
  revoked_ms: number | null;
}

export async function keyByHash(session: Session, hash: Uint8Array): Promise<KeyRow | null> {
  const row = await session.row<ApiKeyRow>('key_by_hash', { hash });
  return row === undefined ? null : keyRow(row);
}

export async function keys(session: Session, tenant: Id): Promise<readonly KeyRow[]> {
  return (await session.rows<ApiKeyRow>('keys', { tenant })).map(keyRow);
}

function keyRow(row: ApiKeyRow): KeyRow {
  const { id, tenant, name, role, prefix, hash } = row;
  return {
    id,
    tenant,
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
