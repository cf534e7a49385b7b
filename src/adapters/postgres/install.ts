/** Making a database ready: its migrations, and the shards that its first install fixes. */
import type { Log } from '../../ports.ts';
import { type Migration, migrationsPending } from '../sql/migrations.ts';
import type { Database, Session } from './database.ts';
import { alone, migrate, neededMigrations, ownMigrations } from './migrating.ts';
import { partitionsAhead } from './partitions.ts';

export interface InstallOptions {
  /** Those of this program, unless a test has others. */
  migrations?: readonly Migration[];
  /** False: what is missing is an error. */
  migrates?: boolean;
  log?: Log;
}

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * Runs what is missing, one by one, while other nodes that start wait and those that run go on. `shards` counts only for
 * a fresh database.
 * @returns the number of lease shards
 * @throws with the code MIGRATIONS_REFUSED when a migration that has run was changed, or when the database is of a newer
 * version of the program that this one cannot work beside; MIGRATIONS_PENDING when one is missing and may not be run
 */
export async function install(database: Database, shards: number, options: InstallOptions = {}): Promise<number> {
  const { migrations = ownMigrations(), migrates = true, log = SILENT } = options;
  return database.use('install', async (session) => {
    const needed = await neededMigrations(session, migrations);
    if (needed.length > 0 && !migrates) throw migrationsPending(needed);
    if (needed.length > 0) await migrate(database, session, migrations, log);
    else if (migrates) await partitionsAhead(database, log)();
    return (await shardsOf(session)) ?? alone(session, log, () => fixShards(database, shards));
  });
}

/** What the first install fixed; undefined before it. */
async function shardsOf(session: Session): Promise<number | undefined> {
  return (await session.row<{ value: number }>('meta', { name: 'shards' }))?.value;
}

/** Another node may have come first. */
function fixShards(database: Database, asked: number): Promise<number> {
  return database.transaction('query', async (session) => {
    const fixed = await shardsOf(session);
    if (fixed !== undefined) return fixed;
    await session.run('set_meta', { name: 'shards', value: asked });
    await session.run('make_shard', { shards: asked });
    return asked;
  });
}
