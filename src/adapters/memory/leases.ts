import type { Id } from '../../core/ids.ts';
import type { Lease, LeaseLimits } from '../../ports/store.ts';
import type { HeldLease, Tables } from './tables.ts';

/** What is asked of `lease`. */
export interface LeaseRequest extends LeaseLimits {
  owner: Id;
  shards: readonly number[];
  ttlMs: number;
}

export function lease(tables: Tables, { owner, shards, ttlMs, atMost, givenUp = [] }: LeaseRequest): Lease[] {
  const nowMs = tables.nowMs();
  const isGone = (of: Id) => givenUp.includes(of) && !tables.living.has(of);
  const free = shards.filter((shard) => {
    const last = tables.leases.get(shard);
    return last === undefined || !isLive(last, nowMs) || isGone(last.owner);
  });
  return free.slice(0, atMost).map((shard) => {
    const last = tables.leases.get(shard);
    const taken = takenFrom(tables, last, owner);
    const made: Lease = { shard, epoch: (last?.epoch ?? 0) + 1, leaseUntilMs: nowMs + ttlMs, taken };
    tables.leases.set(shard, { ...made, owner, released: false });
    return made;
  });
}

function takenFrom(tables: Tables, last: HeldLease | undefined, owner: Id): Lease['taken'] {
  if (last === undefined || last.released) return 'clean';
  return last.owner === owner || !tables.living.has(last.owner) ? 'unclean' : 'expired';
}

export function renew(tables: Tables, owner: Id, leases: readonly Lease[], ttlMs: number): Lease[] {
  const nowMs = tables.nowMs();
  return leases.flatMap((wanted) => {
    const held = heldBy(tables, owner, wanted);
    if (held === undefined || !isLive(held, nowMs)) return [];
    held.leaseUntilMs = nowMs + ttlMs;
    return [{ ...wanted, leaseUntilMs: held.leaseUntilMs }];
  });
}

export function release(tables: Tables, owner: Id, leases: readonly Lease[]): void {
  for (const given of leases) {
    const held = heldBy(tables, owner, given);
    if (held !== undefined) held.released = true;
  }
}

function isLive(held: HeldLease, nowMs: number): boolean {
  return !held.released && held.leaseUntilMs >= nowMs;
}

function heldBy(tables: Tables, owner: Id, { shard, epoch }: Lease): HeldLease | undefined {
  const held = tables.leases.get(shard);
  return held?.owner === owner && held.epoch === epoch ? held : undefined;
}
