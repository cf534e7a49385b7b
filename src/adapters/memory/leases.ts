import type { Id } from '../../core/ids.ts';
import type { Lease } from '../../ports/store.ts';
import type { HeldLease, Tables } from './tables.ts';

export function lease(tables: Tables, owner: Id, shards: readonly number[], ttlMs: number): Lease[] {
  const nowMs = tables.nowMs();
  return shards.flatMap((shard) => {
    const last = tables.leases.get(shard);
    if (last !== undefined && isLive(last, nowMs)) return [];
    const taken = last === undefined || last.released ? 'clean' : 'unclean';
    const made: Lease = { shard, epoch: (last?.epoch ?? 0) + 1, leaseUntilMs: nowMs + ttlMs, taken };
    tables.leases.set(shard, { ...made, owner, released: false });
    return [made];
  });
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
