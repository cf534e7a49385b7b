/** Running migrations beside nodes that are at work, and telling how they stand. */
import { DatabaseError } from 'pg';
import { storeAway } from '../../core/store-away.ts';
import type { Log } from '../../ports.ts';
import {
  type AppliedMigration,
  loadMigrations,
  type Migration,
  type MigrationStatus,
  pendingMigrations,
  statusOf,
} from '../sql/migrations.ts';
import { type Database, openDatabase, type Session } from './database.ts';
import { tryLockMigrations, unlockMigrations } from './locks.ts';
import { partitionsAhead } from './partitions.ts';
import { asStoreError } from './unavailable.ts';

/** Between two looks at whether another node is done. */
const LOOK_MS = 200;
/** How long a migration may make others stand still while it waits for a table that somebody uses. */
const LOCK_MS = 500;
/** Tries to get its locks, with longer and longer pauses: some two minutes. */
const MAX_TRIES = 30;
const LONGEST_PAUSE_MS = 5_000;

/** The migrations of this adapter. */
export function ownMigrations(): readonly Migration[] {
  return loadMigrations(new URL('./migrations/', import.meta.url));
}

/**
 * How each migration stands in a database. Writes nothing.
 * @throws with the code STORE_UNAVAILABLE when it cannot be reached
 */
export function migrationStatus(url: string, migrations = ownMigrations()): Promise<MigrationStatus> {
  return onDatabase(url, (database) =>
    database.use('install', async (session) => statusOf(migrations, await appliedMigrations(session))),
  );
}

/**
 * Runs what is missing, also beside nodes that are at work; how each migration stands then.
 * @throws with the code MIGRATIONS_REFUSED when one that has run was changed or cannot be worked beside, and
 * STORE_UNAVAILABLE when the database cannot be reached or a migration does not get its locks
 */
export function runMigrations(url: string, log: Log, migrations = ownMigrations()): Promise<MigrationStatus> {
  return onDatabase(url, (database) =>
    database.use('install', async (session) => {
      await migrate(database, session, migrations, log);
      return statusOf(migrations, await appliedMigrations(session));
    }),
  );
}

async function onDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {} });
  try {
    return await work(database);
  } catch (error) {
    throw asStoreError(error);
  } finally {
    await database.close();
  }
}

/** Those that a database still needs; throws as `pendingMigrations` does. */
export async function neededMigrations(
  session: Session,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  return pendingMigrations(migrations, await appliedMigrations(session));
}

async function appliedMigrations(session: Session): Promise<readonly AppliedMigration[]> {
  const { made } = (await session.row<{ made: boolean }>('migrations_made')) ?? { made: false };
  return made ? session.rows<AppliedMigration>('migrations') : [];
}

/** Runs what is missing, each in a transaction of its own, so that a long list makes progress. */
export async function migrate(
  database: Database,
  session: Session,
  migrations: readonly Migration[],
  log: Log,
): Promise<void> {
  await alone(session, log, async () => {
    // Another node may have run some while this one waited.
    const needed = await neededMigrations(session, migrations);
    if (needed.length > 0) await session.run('make_migrations');
    for (const migration of needed) await untilRun(session, migration, database.times.installMs, log);
    await partitionsAhead(database, log)();
  });
}

/** Runs `work` while no other node migrates. */
export async function alone<T>(session: Session, log: Log, work: () => Promise<T>): Promise<T> {
  for (let looks = 0; !(await tryLockMigrations(session)); looks++) {
    if (looks === 0) log.info('migration.waiting');
    await pause(LOOK_MS);
  }
  try {
    return await work();
  } finally {
    // A connection that was lost has lost its locks too.
    await unlockMigrations(session).catch(() => {});
  }
}

async function untilRun(session: Session, migration: Migration, statementMs: number, log: Log): Promise<void> {
  const { version, name } = migration;
  for (let tries = 1; ; tries++) {
    try {
      await inTransaction(session, () => run(session, migration, statementMs));
      log.info('migration.applied', { version, name, kind: migration.kind });
      return;
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (tries === MAX_TRIES) {
        throw storeAway(`migration ${version} (${name}) did not get its locks; end what holds them`, error);
      }
      log.warn('migration.postponed', { version, name });
      await pause(Math.min(LOCK_MS * tries, LONGEST_PAUSE_MS));
    }
  }
}

async function run(session: Session, migration: Migration, statementMs: number): Promise<void> {
  const { sql, version, name, checksum, kind } = migration;
  await session.run('bound_waiting', { lock_ms: LOCK_MS, statement_ms: statementMs });
  await session.migrate(sql);
  await session.run('note_migration', { version, name, checksum, kind });
}

async function inTransaction(session: Session, work: () => Promise<void>): Promise<void> {
  await session.run('begin');
  try {
    await work();
    await session.run('commit');
  } catch (error) {
    // On a connection that was lost there is nothing to take back.
    await session.run('rollback').catch(() => {});
    throw error;
  }
}

/** Somebody held a table for longer than a migration may wait. */
function isLocked(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '55P03' || error.code === '40P01');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
