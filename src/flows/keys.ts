/** API keys: made, looked up by digest, revoked. Only the digest of a key is stored. */
import { DEFAULT_TENANT, type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { toHex } from '../core/signature/encoding.ts';
import type { ConfigChange, IdempotencyClaim, KeyRow, Ports, Role } from '../ports.ts';
import type { FlowPorts } from './configuration.ts';
import { configure, type Repeated } from './sealed-configuration.ts';

const KEY_PREFIX = 'hky_';
const KEY_BYTES = 32;
const SHOWN_CHARS = 10;

export interface CreateKey {
  tenant: Id;
  name: string;
  role: Role;
  expiresAtMs: number | null;
  claims?: (made: { key: KeyRow; secret: string }) => readonly IdempotencyClaim[];
}

/** A fresh key: 256 random bits behind a prefix that secret scanners can find. */
export function freshKey(random: Ports['random']): string {
  return KEY_PREFIX + Buffer.from(random.bytes(KEY_BYTES)).toString('base64url');
}

/** Makes a key; its text is in the answer and nowhere else. */
export async function createKey(
  ports: FlowPorts,
  request: CreateKey,
): Promise<{ kind: 'created'; key: KeyRow; secret: string } | Repeated | Problem> {
  if (request.expiresAtMs !== null && request.expiresAtMs <= ports.clock.nowMs()) {
    return problem('validation_failed', { errors: [{ pointer: '/expiresAt', message: 'Must lie in the future.' }] });
  }
  const secret = freshKey(ports.random);
  const key = keyRow(ports, request, secret);
  const claims = request.claims?.({ key, secret }) ?? [];
  const outcome = await configure(ports, request.tenant, keyChange(key), claims);
  return outcome.kind === 'changed' ? { kind: 'created', key, secret } : outcome;
}

/** The row of a key given from outside or just made. */
export function keyRow(
  ports: Pick<Ports, 'clock' | 'random' | 'mac'>,
  request: Omit<CreateKey, 'claims'>,
  secret: string,
): KeyRow {
  const nowMs = ports.clock.nowMs();
  return {
    id: idAt(nowMs, ports.random.bytes(16)),
    tenant: request.tenant,
    name: request.name,
    role: request.role,
    prefix: secret.slice(0, SHOWN_CHARS),
    hash: ports.mac.sha256(secret),
    createdAtMs: nowMs,
    expiresAtMs: request.expiresAtMs,
    lastUsedAtMs: null,
    revokedAtMs: null,
  };
}

/** The change that stores a key. */
export function keyChange(row: KeyRow): ConfigChange {
  const { tenant: _tenant, createdAtMs: atMs, lastUsedAtMs: _used, revokedAtMs: _revoked, ...key } = row;
  return { kind: 'put_key', key, atMs };
}

/** The admin key given from outside, if there is one, by hex digest: known to this process and to no store. */
export function keysGiven(
  ports: Pick<Ports, 'clock' | 'random' | 'mac'>,
  apiKey: string | undefined,
): ReadonlyMap<string, KeyRow> {
  if (apiKey === undefined) return new Map();
  const asked = { tenant: DEFAULT_TENANT, name: 'given at start', role: 'admin', expiresAtMs: null } as const;
  const row = keyRow(ports, asked, apiKey);
  return new Map([[toHex(row.hash), row]]);
}

/** Revokes a key; requests with it are refused from now on (on other nodes within a second). */
export async function revokeKey(
  ports: FlowPorts,
  request: { tenant: Id; id: Id },
): Promise<{ kind: 'revoked' } | Problem> {
  const outcome = await configure(ports, request.tenant, { kind: 'revoke_key', id: request.id });
  if (outcome.kind === 'problem') return outcome;
  ports.authenticate.forget();
  return { kind: 'revoked' };
}
