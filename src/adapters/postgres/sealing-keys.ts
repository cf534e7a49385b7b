/** Which keys configuration was sealed with, as all processes on the database know it. */
import type { SealingKeys } from '../../ports.ts';
import type { Database } from './database.ts';
import { asStoreError } from './unavailable.ts';

/** The register of sealing keys of a database. It holds their names alone. */
export function sealingKeysOf(database: Pick<Database, 'transaction'>): SealingKeys {
  return {
    known: () => told(database.transaction('query', (session) => session.rows<{ id: string }>('sealing_keys'))),
    note: (active, held) =>
      told(
        database.transaction('query', async (session) => {
          await session.run('lock_sealing_keys');
          const known = await session.rows<{ id: string }>('sealing_keys');
          if (known.every(({ id }) => held.includes(id))) {
            await session.run('note_sealing_key', { id: active });
          }
          return known;
        }),
      ),
  };
}

async function told(rows: Promise<readonly { id: string }[]>): Promise<readonly string[]> {
  try {
    return (await rows).map(({ id }) => id);
  } catch (error) {
    throw asStoreError(error);
  }
}
