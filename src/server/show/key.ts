import { isoTime, isoTimeOrNull } from '../../core/time.ts';
import type { KeyRow } from '../../ports.ts';

/** A key as the API shows it; `secret` is its text, shown by the answer that makes it. */
export function showKey(key: KeyRow, secret: string | null = null) {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    prefix: key.prefix,
    ...(secret === null ? {} : { key: secret }),
    createdAt: isoTime(key.createdAtMs),
    expiresAt: isoTimeOrNull(key.expiresAtMs),
    lastUsedAt: isoTimeOrNull(key.lastUsedAtMs),
    revokedAt: isoTimeOrNull(key.revokedAtMs),
  };
}
