/** Making a database ready: its migrations, and the shards that its first install fixes. */
import { type AppliedMigration, loadMigrations, type Migration, pendingMigrations } from '../sql/migrations.ts';
import type { Database, Session } from './database.ts';
import { lockMigrations } from './locks.ts';

/** The migrations of this adapter. */
export function ownMigrations(): readonly Migration[] {
  return loadMigrations(new URL('./migrations/', import.meta.url));
}

/**
 * Runs what is missing, all or nothing, while other nodes that start wait. `shards` counts only for a fresh database.
 * @returns the number of lease shards
 * @throws when a migration that has run was changed, or the database is of a newer version of the program
 */
export async function install(
  database: Database,
  shards: number,
  migrations: readonly Migration[] = ownMigrations(),
): Promise<number> {
  return database.transaction('query', async (session) => {
    await lockMigrations(session);
    await migrate(session, migrations);
    return fixShards(session, shards);
  });
}

async function migrate(session: Session, migrations: readonly Migration[]): Promise<void> {
  const { made } = (await session.row<{ made: boolean }>('migrations_made')) ?? { made: false };
  if (!made) await session.run('make_migrations');
  const applied = await session.rows<AppliedMigration>('migrations');
  for (const { version, name, checksum, sql } of pendingMigrations(migrations, applied)) {
    await session.migrate(sql);
    await session.run('note_migration', { version, name, checksum });
  }
}

async function fixShards(session: Session, asked: number): Promise<number> {
  const fixed = await session.row<{ value: number }>('meta', { name: 'shards' });
  if (fixed !== undefined) return fixed.value;
  await session.run('set_meta', { name: 'shards', value: asked });
  await session.run('make_shard', { shards: asked });
  return asked;
}
