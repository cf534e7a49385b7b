/** Shard leases. One process owns a SQLite store (the lock file), so here a lease only ever changes hands by restart. */
import type { Id } from '../../core/ids.ts';
import type { Lease, LeaseLimits } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import type { Writer } from './turn.ts';

interface ShardRow {
  owner: Uint8Array | null;
  epoch: number;
  lease_until_ms: number;
}

/** Of other owners that are given up there is none: no other process lives. */
export interface LeaseInput extends Pick<LeaseLimits, 'atMost'> {
  owner: Id;
  shards: readonly number[];
  ttlMs: number;
}

export function lease(writer: Writer, { owner, shards, ttlMs, atMost }: LeaseInput): readonly Lease[] {
  const leaseUntilMs = writer.nowMs + ttlMs;
  const free = shards.flatMap((shard) => {
    const row = writer.db.get<ShardRow>('shard', shard);
    return row === undefined || (row.owner !== null && row.lease_until_ms > writer.nowMs) ? [] : [{ shard, row }];
  });
  return free.slice(0, atMost).map(({ shard, row }) => {
    writer.db.run('take_shard', blob(owner), leaseUntilMs, shard);
    return { shard, epoch: row.epoch + 1, leaseUntilMs, taken: takenFrom(row, blob(owner)) };
  });
}

/** A lease that a process before this one left was ended when the store was opened. */
function takenFrom({ owner, lease_until_ms: untilMs }: ShardRow, asker: Uint8Array): Lease['taken'] {
  if (owner === null) return 'clean';
  return untilMs === 0 || Buffer.compare(owner, asker) === 0 ? 'unclean' : 'expired';
}

export interface RenewInput {
  owner: Id;
  leases: readonly Lease[];
  ttlMs: number;
}

export function renew(writer: Writer, { owner, leases, ttlMs }: RenewInput): readonly Lease[] {
  const leaseUntilMs = writer.nowMs + ttlMs;
  return leases.flatMap((held) => {
    const renewed = writer.db.run('renew_shard', leaseUntilMs, held.shard, blob(owner), held.epoch, writer.nowMs);
    return renewed === 1 ? [{ ...held, leaseUntilMs }] : [];
  });
}

export function release(writer: Writer, { owner, leases }: Omit<RenewInput, 'ttlMs'>): void {
  for (const { shard, epoch } of leases) writer.db.run('release_shard', shard, blob(owner), epoch);
}
