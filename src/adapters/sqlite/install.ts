/** Making a database ready before its threads open it: migrations, shards, leases of a process that is gone. */
import { type AppliedMigration, loadMigrations, type Migration, pendingMigrations } from '../sql/migrations.ts';
import { type Database, openDatabase } from './database.ts';

export interface Installed {
  /** Lease shards, as fixed when the database was made. */
  shards: number;
  /** The latest engine time persisted; 0 on a fresh install. */
  highWaterMs: number;
  /** True when the process before this one did not release its leases. */
  unclean: boolean;
}

/** The caller holds the lock. `shards` counts only for a fresh database. Throws when a migration was changed. */
export function install(path: string, shards: number, migrations: readonly Migration[] = ownMigrations()): Installed {
  const db = openDatabase(path, 'writing');
  try {
    migrate(db, migrations);
    return atomically(db, () => ready(db, shards));
  } finally {
    db.close();
  }
}

/** The migrations of this adapter. */
export function ownMigrations(): readonly Migration[] {
  return loadMigrations(new URL('./migrations/', import.meta.url));
}

function migrate(db: Database, migrations: readonly Migration[]): void {
  db.execute('make_migrations');
  for (const { version, name, checksum, sql } of pendingMigrations(
    migrations,
    db.all<AppliedMigration>('migrations'),
  )) {
    atomically(db, () => {
      db.migrate(sql);
      db.run('note_migration', version, name, checksum);
    });
  }
}

function ready(db: Database, asked: number): Installed {
  const shards = metaOf(db, 'shards') ?? asked;
  db.run('set_meta', 'shards', shards);
  for (let shard = 0; shard < shards; shard++) db.run('make_shard', shard);
  return { shards, highWaterMs: metaOf(db, 'high_water_ms') ?? 0, unclean: db.run('expire_leases') > 0 };
}

function metaOf(db: Database, name: string): number | undefined {
  return db.get<{ value: number }>('meta', name)?.value;
}

function atomically<T>(db: Database, change: () => T): T {
  db.execute('begin');
  try {
    const result = change();
    db.execute('commit');
    return result;
  } catch (error) {
    if (db.inTransaction()) db.execute('rollback');
    throw error;
  }
}
