/** What no two transactions do at once. */
import type { Id } from '../../core/ids.ts';
import type { Session } from './database.ts';
import { columns } from './values.ts';

/**
 * First halves of the keys of advisory locks: numbers of our own among those of other programs in the database. Who takes
 * several takes them in this order, and rows after them.
 */
const SPACES = {
  migrations: 0x686b_0001,
  partitions: 0x686b_0005,
  tenant: 0x686b_0002,
  receiptKey: 0x686b_0003,
  holding: 0x686b_0006,
  lanes: 0x686b_0004,
} as const;

/** Of the locks that owners of leases hold while they live. */
export const OWNERS = 0x686b_0010;

/** What PostgreSQL says of a search_path that leads nowhere, where it is asked. */
const INVALID_SCHEMA_NAME = '3F000';

/**
 * Of the session, until it is unlocked or ends.
 * @throws with the code of PostgreSQL when there is no schema to lock
 */
export async function tryLockMigrations(session: Session): Promise<boolean> {
  const row = await session.row<{ locked: boolean | null }>('try_lock_migrations', { space: SPACES.migrations });
  if (row?.locked === null) {
    throw Object.assign(new Error('search_path names no schema that is there'), { code: INVALID_SCHEMA_NAME });
  }
  return row?.locked === true;
}

export async function unlockMigrations(session: Session): Promise<void> {
  await session.rows('unlock_migrations', { space: SPACES.migrations });
}

/** Of the transaction. */
export async function tryLockPartitions(session: Session): Promise<boolean> {
  const row = await session.row<{ locked: boolean }>('try_lock_partitions', { space: SPACES.partitions });
  return row?.locked === true;
}

export async function lockTenant(session: Session, tenant: Id): Promise<void> {
  await session.rows('lock_tenant', { space: SPACES.tenant, tenant });
}

/** In one order, whoever asks: nobody waits in a circle. */
export async function lockReceiptKeys(session: Session, keys: readonly { source: Id; key: string }[]): Promise<void> {
  if (keys.length === 0) return;
  const values = columns(keys, { sources: ({ source }) => source, keys: ({ key }) => key });
  await session.rows('lock_receipt_keys', { space: SPACES.receiptKey, ...values });
}

/** Before sources come to hold receipts: until that is committed, they do not go on. */
export async function lockHolding(session: Session, sources: readonly Id[]): Promise<void> {
  if (sources.length > 0) await session.rows('lock_holding', { space: SPACES.holding, sources });
}

/** Before a source goes on, or is deleted unless it holds something: whoever looks at what it holds finds all of it. */
export async function lockGoingOn(session: Session, source: Id): Promise<void> {
  await session.rows('lock_going_on', { space: SPACES.holding, source });
}

/** Before a position is taken for a lane of these shards (O1), and before a lane is closed. */
export async function lockLanes(session: Session, shards: Iterable<number>): Promise<void> {
  const distinct = [...new Set(shards)];
  if (distinct.length > 0) await session.rows('lock_lanes', { space: SPACES.lanes, shards: distinct });
}
