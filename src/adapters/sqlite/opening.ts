/** Opening the store of a data directory at start, with words for what cannot work. */
import type { Store } from '../../ports.ts';
import { sqliteMigrations } from './migrating.ts';
import { openSqliteStore, type SqliteOptions } from './store.ts';

export type SqliteOpening = { kind: 'opened'; store: Store } | { kind: 'refused'; reason: string; remedy: string };

export interface SqliteOpeningOptions extends SqliteOptions {
  /** False refuses a database that lacks migrations; true, and left out, runs them. */
  migrate?: boolean;
}

/** Opens it. Throws when its files cannot be opened, with the `syscall` that failed. */
export async function openSqlite(options: SqliteOpeningOptions): Promise<SqliteOpening> {
  const { directory, migrate = true } = options;
  try {
    if (!migrate && sqliteMigrations(directory).some(({ state }) => state === 'pending')) {
      const remedy = 'Run `hookyard migrations run`, or start with --migrate 1.';
      return refused(`The database in ${directory} lacks migrations.`, remedy);
    }
    const opened = await openSqliteStore(options);
    if (opened.kind === 'opened') return { kind: 'opened', store: opened.store };
    return refused(`Another process uses ${directory}.`, 'Stop it, or name another directory with --data.');
  } catch (error) {
    // Files that cannot be opened are told apart by whoever named them; what is left is what stands in the database.
    if (!(error instanceof Error) || 'syscall' in error) throw error;
    const remedy = 'Restore it from a backup, or start the version of Hookyard that wrote it.';
    return refused(`The database in ${directory} cannot be used: ${error.message}.`, remedy);
  }
}

function refused(reason: string, remedy: string): SqliteOpening {
  return { kind: 'refused', reason, remedy };
}
