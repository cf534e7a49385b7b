/** Shard leases (L1). */
import type { Id } from '../../core/ids.ts';
import type { Lease, LeaseLimits } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { OWNERS } from './locks.ts';
import { columns } from './values.ts';

interface TakenRow {
  shard: number;
  epoch: number;
  lease_until_ms: number;
  /** null: released, or never held. */
  last_owner: Id | null;
  /** The last owner's lock could be had. */
  gone: boolean;
}

export interface LeaseRequest extends LeaseLimits {
  owner: Id;
  shards: readonly number[];
  ttlMs: number;
  /** Owners that are this process; their locks on its own connection tell nothing. */
  own: ReadonlySet<Id>;
}

export async function lease(session: Session, request: LeaseRequest): Promise<readonly Lease[]> {
  const { owner, shards, ttlMs, own, atMost = null, givenUp = [] } = request;
  const rows = await session.rows<TakenRow>('take_shards', {
    owner,
    shards,
    ttl: ttlMs,
    at_most: atMost,
    given_up: givenUp,
    mine: [...own, owner],
    space: OWNERS,
  });
  const taken = new Map(rows.map((row) => [row.shard, leaseOf(row, owner)]));
  return shards.flatMap((shard) => taken.get(shard) ?? []);
}

function leaseOf({ shard, epoch, lease_until_ms: leaseUntilMs, last_owner, gone }: TakenRow, owner: Id): Lease {
  const notReleased = gone || last_owner === owner ? 'unclean' : 'expired';
  return { shard, epoch, leaseUntilMs, taken: last_owner === null ? 'clean' : notReleased };
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
