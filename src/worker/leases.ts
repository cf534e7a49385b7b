/**
 * The leases of this process: taken, renewed, and trusted only while both clocks say they last (L2). Here those of a
 * process that owns its store; `shared-leases.ts` has those of many on one.
 */
import type { Id } from '../core/ids.ts';
import type { Lease, Ports } from '../ports.ts';

export const LEASE_TTL_MS = 10_000;
export const RENEW_EVERY_MS = 3000;
/** Nothing is sent when a lease has less than this left: the send itself takes time. */
export const MARGIN_MS = 2000;

/** How long a lease lasts by both clocks of this process, counted from when it was asked for. */
export interface Term {
  monotonicUntilMs: number;
  wallUntilMs: number;
}

interface Held extends Term {
  lease: Lease;
}

export interface Leases {
  start(): Promise<void>;
  /** Shards this process may send for right now. */
  safe(shard: number): boolean;
  /** Whether what waits for a shard is the business of this process. */
  isOurs(shard: number): boolean;
  /** Whether this process keeps the health of a shard's subscriptions, and the state of their lanes. */
  counts(shard: number): boolean;
  /** Shards to read for. */
  shards(): readonly number[];
  /** How many are held. */
  count(): number;
  /** Monotonic time since when that is not known for sure; null while it is. */
  doubtSinceMs(): number | null;
  /** How far the wall clock of this process is ahead of the store's. */
  skewMs(): number;
  /** Something happened to shards elsewhere: one of them may have been released. */
  hint(shards: readonly number[]): void;
  /** Takes no more and gives away what it has, each shard as soon as nothing of it is in memory. */
  close(): void;
  stop(): Promise<void>;
}

/** The term of a lease asked for now. */
export function termFrom(clock: Ports['clock']): Term {
  return { monotonicUntilMs: clock.monotonicMs() + LEASE_TTL_MS, wallUntilMs: clock.nowMs() + LEASE_TTL_MS };
}

/** Whether both clocks say that a lease lasts for `marginMs` more. */
export function lasts({ monotonicUntilMs, wallUntilMs }: Term, clock: Ports['clock'], marginMs: number): boolean {
  return clock.monotonicMs() + marginMs < monotonicUntilMs && clock.nowMs() + marginMs < wallUntilMs;
}

/** Who owns a store has no part in it that is not his. */
const ALONE = {
  isOurs: () => true,
  counts: () => true,
  doubtSinceMs: () => null,
  skewMs: () => 0,
  hint: () => {},
  close: () => {},
} satisfies Partial<Leases>;

/** What the worker does when leases are got, or got again. */
export interface LeaseNews {
  /** Called for each lease when it is taken, before anything of its shard is sent. */
  taken(lease: Lease): void;
  /** Leases last again that had run out, or nearly: whatever had its turn meanwhile was dropped. */
  sure(): void;
}

/** Keeps leases on all shards of the store that are free. */
export function createLeases(ports: Pick<Ports, 'store' | 'clock' | 'log'>, owner: Id, news: LeaseNews): Leases {
  const held = new Map<number, Held>();
  const all = Array.from({ length: ports.store.shards }, (_, shard) => shard);
  let cancel = () => {};
  let stopped = false;
  /** Since the worker was last told that they last: kept beyond a turn that fails half way. */
  let hadRunOut = false;

  const isSafe = (term: Term) => lasts(term, ports.clock, MARGIN_MS);
  const hasRunOut = () => [...held.values()].some((term) => !isSafe(term));

  /** Says whether what was got has nearly run out: leases count from when they were asked for. */
  async function keep(): Promise<boolean> {
    const term = termFrom(ports.clock);
    const mine = [...held.values()].map(({ lease }) => lease);
    const renewed = mine.length === 0 ? [] : await ports.store.renew(owner, mine, LEASE_TTL_MS);
    if (stopped) return false;
    hadRunOut ||= hasRunOut();
    held.clear();
    for (const lease of renewed) held.set(lease.shard, { lease, ...term });
    const missing = all.filter((shard) => !held.has(shard));
    const fresh = missing.length === 0 ? [] : await ports.store.lease(owner, missing, LEASE_TTL_MS);
    if (stopped) return ports.store.release(owner, fresh).then(() => false);
    for (const lease of fresh) {
      held.set(lease.shard, { lease, ...term });
      news.taken(lease);
    }
    const isLate = hasRunOut();
    if (hadRunOut && !isLate) news.sure();
    hadRunOut &&= isLate;
    return isLate;
  }

  async function tick(): Promise<void> {
    const isLate = await keep().catch((error: unknown) => {
      ports.log.error('lease.failed', { error });
      return false;
    });
    if (!stopped) cancel = ports.clock.after(isLate ? 0 : RENEW_EVERY_MS, () => void tick());
  }

  return {
    start: tick,
    safe(shard) {
      const lease = held.get(shard);
      return lease !== undefined && isSafe(lease);
    },
    // What was read for another one could not be sent, and would not be read again for long.
    shards: () => [...held.values()].filter(isSafe).map(({ lease }) => lease.shard),
    count: () => held.size,
    ...ALONE,
    async stop() {
      stopped = true;
      cancel();
      const mine = [...held.values()].map(({ lease }) => lease);
      held.clear();
      if (mine.length > 0) await ports.store.release(owner, mine);
    },
  };
}
