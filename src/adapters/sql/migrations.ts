/** Which migrations a database still needs. A migration that has run may never change: its checksum is kept. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sqlFiles } from './statements.ts';

export interface Migration {
  version: number;
  name: string;
  /** SHA-256 of the file, lower-case hex. */
  checksum: string;
  sql: string;
}

/** A migration as the database remembers it. */
export type AppliedMigration = Omit<Migration, 'sql'>;

const FILE = /^(\d{4})-([a-z0-9-]+)\.sql$/;

/** Reads `0001-name.sql`, `0002-…` of a directory. Throws for another file name or a gap in the numbers. */
export function loadMigrations(directory: URL): readonly Migration[] {
  return sqlFiles(directory).map((file, at) => {
    const [, digits, name] = FILE.exec(file) ?? [];
    if (name === undefined || Number(digits) !== at + 1) throw new Error(`${file} is not migration ${at + 1}`);
    const sql = readFileSync(new URL(file, directory), 'utf8');
    return { version: at + 1, name, checksum: createHash('sha256').update(sql).digest('hex'), sql };
  });
}

/**
 * The migrations to run, in order.
 * @throws when one that has run differs from its file, or the database is of a newer version of the program
 */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  for (const done of applied) {
    const file = known.find((migration) => migration.version === done.version);
    const label = `migration ${done.version} (${done.name})`;
    if (file === undefined) throw new Error(`the database has ${label}, which this version of the program lacks`);
    if (file.checksum !== done.checksum) {
      throw new Error(
        `${label} was changed after it ran: its file has checksum ${file.checksum}, not ${done.checksum}`,
      );
    }
  }
  return known.filter((migration) => !applied.some((done) => done.version === migration.version));
}
