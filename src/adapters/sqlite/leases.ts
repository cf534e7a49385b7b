/** Shard leases. One process owns a SQLite store (the lock file), so here a lease only ever changes hands by restart. */
import type { Id } from '../../core/ids.ts';
import type { Lease } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import type { Writer } from './turn.ts';

interface ShardRow {
  owner: Uint8Array | null;
  epoch: number;
  lease_until_ms: number;
}

export interface LeaseInput {
  owner: Id;
  shards: readonly number[];
  ttlMs: number;
}

export function lease(writer: Writer, { owner, shards, ttlMs }: LeaseInput): readonly Lease[] {
  const leaseUntilMs = writer.nowMs + ttlMs;
  return shards.flatMap((shard) => {
    const row = writer.db.get<ShardRow>('shard', shard);
    if (row === undefined || (row.owner !== null && row.lease_until_ms > writer.nowMs)) return [];
    writer.db.run('take_shard', blob(owner), leaseUntilMs, shard);
    return [{ shard, epoch: row.epoch + 1, leaseUntilMs, taken: row.owner === null ? 'clean' : 'unclean' } as const];
  });
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
