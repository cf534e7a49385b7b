import type { Id } from '../core/ids.ts';
import { toHex } from '../core/signature/encoding.ts';
import type { KeyRow, Ports, Role } from '../ports.ts';

export type Identity = { kind: 'known'; id: Id; tenant: Id; role: Role } | { kind: 'unknown' };

/** Tells who is behind a key. */
export interface Authenticate {
  (key: string): Promise<Identity>;
  /** Believes nothing of what it looked up before; called when a key was revoked on this node. */
  forget(): void;
}

/** A looked-up key is believed this long, so that a revocation on another node is seen within a second. */
const BELIEVED_MS = 1000;
/** More different keys than this at once and the memory starts afresh. */
const MAX_REMEMBERED = 10_000;
const TOUCH_EVERY_MS = 60_000;

interface Remembered {
  row: KeyRow | null;
  untilMs: number;
}

/**
 * An authenticator over the store. The store knows keys by digest only; the keys of requests of the last second are
 * remembered as they came, because a digest for each request is on the path of every event.
 * @param fixed keys given from outside that never expire, by hex digest
 */
export function createAuthenticate(
  ports: Pick<Ports, 'store' | 'mac' | 'clock' | 'log'>,
  fixed: ReadonlyMap<string, KeyRow>,
): Authenticate {
  const remembered = new Map<string, Remembered>();
  const touchedAtMs = new Map<Id, number>();
  let forgotten = 0;

  async function rowOf(key: string): Promise<KeyRow | null> {
    const nowMs = ports.clock.monotonicMs();
    const known = remembered.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.row;
    const before = forgotten;
    const hash = ports.mac.sha256(key);
    const row = fixed.get(toHex(hash)) ?? (await ports.store.keyByHash(hash));
    // What was read before a revocation says nothing about the time after it.
    if (before !== forgotten) return rowOf(key);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, { row, untilMs: nowMs + BELIEVED_MS });
    return row;
  }

  function touch(row: KeyRow): void {
    const nowMs = ports.clock.monotonicMs();
    if (nowMs - (touchedAtMs.get(row.id) ?? Number.NEGATIVE_INFINITY) < TOUCH_EVERY_MS) return;
    touchedAtMs.set(row.id, nowMs);
    ports.store.touchKeys([row.id]).catch((error: unknown) => ports.log.warn('key.touch_failed', { error }));
  }

  async function identify(key: string): Promise<Identity> {
    const row = await rowOf(key);
    const expired = row?.expiresAtMs != null && row.expiresAtMs <= ports.clock.nowMs();
    if (row === null || row.revokedAtMs !== null || expired) return { kind: 'unknown' };
    touch(row);
    return { kind: 'known', id: row.id, tenant: row.tenant, role: row.role };
  }

  function forget(): void {
    forgotten++;
    remembered.clear();
  }

  return Object.assign(identify, { forget });
}
