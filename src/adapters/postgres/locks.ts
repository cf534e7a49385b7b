/** What no two transactions do at once. */
import type { Id } from '../../core/ids.ts';
import type { Session } from './database.ts';

/** First halves of the keys of advisory locks: numbers of our own among those of other programs in the database. */
const SPACES = { migrations: 0x686b_0001, tenant: 0x686b_0002, receiptKey: 0x686b_0003, lanes: 0x686b_0004 } as const;

export async function lockMigrations(session: Session): Promise<void> {
  await session.rows('lock_migrations', { space: SPACES.migrations });
}

export async function lockTenant(session: Session, tenant: Id): Promise<void> {
  await session.rows('lock_tenant', { space: SPACES.tenant, tenant });
}

export async function lockReceiptKey(session: Session, source: Id, key: string): Promise<void> {
  await session.rows('lock_receipt_key', { space: SPACES.receiptKey, source, key });
}

/** Before a position is taken for a lane of these shards (O1), and before a lane is closed. */
export async function lockLanes(session: Session, shards: Iterable<number>): Promise<void> {
  const distinct = [...new Set(shards)];
  if (distinct.length > 0) await session.rows('lock_lanes', { space: SPACES.lanes, shards: distinct });
}
