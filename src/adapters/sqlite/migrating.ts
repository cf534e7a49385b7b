/** How the migrations of a data directory stand, without changing anything in it. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AppliedMigration, type MigrationStatus, statusOf } from '../sql/migrations.ts';
import { openDatabase } from './database.ts';
import { ownMigrations } from './install.ts';
import { DATABASE_FILE } from './store.ts';

/** Reads beside a process that is at work. A directory without a database has all of them pending. */
export function sqliteMigrations(directory: string): MigrationStatus {
  const path = join(directory, DATABASE_FILE);
  // An empty file is what a crash leaves of a first start.
  if (!existsSync(path) || statSync(path).size === 0) return statusOf(ownMigrations(), []);
  const db = openDatabase(path, 'reading');
  try {
    const made = db.get<{ made: number }>('migrations_made')?.made === 1;
    return statusOf(ownMigrations(), made ? db.all<AppliedMigration>('migrations') : []);
  } finally {
    db.close();
  }
}
