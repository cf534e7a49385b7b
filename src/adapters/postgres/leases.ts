/** Shard leases (L1). */
import type { Id } from '../../core/ids.ts';
import type { Lease } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { columns } from './values.ts';

interface TakenRow {
  shard: number;
  epoch: number;
  lease_until_ms: number;
  /** null: released, or never held. */
  last_owner: Id | null;
}

export async function lease(
  session: Session,
  owner: Id,
  shards: readonly number[],
  ttlMs: number,
): Promise<readonly Lease[]> {
  const rows = await session.rows<TakenRow>('take_shards', { owner, shards, ttl: ttlMs });
  const leases = rows.map(({ shard, epoch, lease_until_ms: leaseUntilMs, last_owner }): Lease => {
    return { shard, epoch, leaseUntilMs, taken: last_owner === null ? 'clean' : 'unclean' };
  });
  return leases.toSorted((a, b) => shards.indexOf(a.shard) - shards.indexOf(b.shard));
}

export async function renew(
  session: Session,
  owner: Id,
  leases: readonly Lease[],
  ttlMs: number,
): Promise<readonly Lease[]> {
  type Row = { shard: number; lease_until_ms: number };
  const rows = await session.rows<Row>('renew_shards', { ...held(leases), owner, ttl: ttlMs });
  const untilMs = new Map(rows.map((row) => [row.shard, row.lease_until_ms]));
  return leases.flatMap((kept) => {
    const leaseUntilMs = untilMs.get(kept.shard);
    return leaseUntilMs === undefined ? [] : [{ ...kept, leaseUntilMs }];
  });
}

export async function release(session: Session, owner: Id, leases: readonly Lease[]): Promise<void> {
  await session.run('release_shards', { ...held(leases), owner });
}

function held(leases: readonly Lease[]) {
  return columns(leases, { shards: ({ shard }) => shard, epochs: ({ epoch }) => epoch });
}
