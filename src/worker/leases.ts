/** The leases of this process: taken, renewed, and trusted only while both clocks say they last (L2). */
import type { Id } from '../core/ids.ts';
import type { Lease, Ports } from '../ports.ts';

const LEASE_TTL_MS = 10_000;
const RENEW_EVERY_MS = 3000;
/** Nothing is sent when a lease has less than this left: the send itself takes time. */
const MARGIN_MS = 2000;

interface Held {
  lease: Lease;
  monotonicUntilMs: number;
  wallUntilMs: number;
}

export interface Leases {
  start(): Promise<void>;
  /** Shards this process may send for right now. */
  safe(shard: number): boolean;
  shards(): readonly number[];
  stop(): Promise<void>;
}

/**
 * Keeps leases on all shards of the store that are free.
 * @param taken called for each lease when it is taken, before anything of its shard is sent
 */
export function createLeases(
  ports: Pick<Ports, 'store' | 'clock' | 'log'>,
  owner: Id,
  taken: (lease: Lease) => void,
): Leases {
  const held = new Map<number, Held>();
  const all = Array.from({ length: ports.store.shards }, (_, shard) => shard);
  let cancel = () => {};
  let stopped = false;

  function hold(lease: Lease, askedAt: { monotonicMs: number; wallMs: number }): void {
    held.set(lease.shard, {
      lease,
      monotonicUntilMs: askedAt.monotonicMs + LEASE_TTL_MS,
      wallUntilMs: askedAt.wallMs + LEASE_TTL_MS,
    });
  }

  async function keep(): Promise<void> {
    const askedAt = { monotonicMs: ports.clock.monotonicMs(), wallMs: ports.clock.nowMs() };
    const mine = [...held.values()].map(({ lease }) => lease);
    const renewed = mine.length === 0 ? [] : await ports.store.renew(owner, mine, LEASE_TTL_MS);
    if (stopped) return;
    held.clear();
    for (const lease of renewed) hold(lease, askedAt);
    const missing = all.filter((shard) => !held.has(shard));
    const fresh = missing.length === 0 ? [] : await ports.store.lease(owner, missing, LEASE_TTL_MS);
    if (stopped) {
      await ports.store.release(owner, fresh);
      return;
    }
    for (const lease of fresh) {
      hold(lease, askedAt);
      taken(lease);
    }
  }

  async function tick(): Promise<void> {
    try {
      await keep();
    } catch (error) {
      ports.log.error('lease.failed', { error });
    }
    if (!stopped) cancel = ports.clock.after(RENEW_EVERY_MS, () => void tick());
  }

  return {
    start: tick,
    safe: (shard) => isSafe(held.get(shard), ports.clock),
    shards: () => [...held.keys()],
    async stop() {
      stopped = true;
      cancel();
      const mine = [...held.values()].map(({ lease }) => lease);
      held.clear();
      if (mine.length > 0) await ports.store.release(owner, mine);
    },
  };
}

function isSafe(held: Held | undefined, clock: Ports['clock']): boolean {
  if (held === undefined) return false;
  return clock.monotonicMs() + MARGIN_MS < held.monotonicUntilMs && clock.nowMs() + MARGIN_MS < held.wallUntilMs;
}
