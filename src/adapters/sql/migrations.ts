/** Which migrations a database still needs. A migration that has run may never change: its checksum is kept. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sqlFiles } from './statements.ts';

/** `expand` only adds: programs that do not know it go on beside it. `contract` takes away or changes: they do not. */
export type MigrationKind = 'expand' | 'contract';

export interface Migration {
  version: number;
  name: string;
  kind: MigrationKind;
  /** SHA-256 of the file, lower-case hex. */
  checksum: string;
  sql: string;
}

/** A migration as the database remembers it; a store that one process has for itself notes no kind. */
export type AppliedMigration = Omit<Migration, 'sql' | 'kind'> & { kind?: MigrationKind };

/**
 * How each migration stands, in order. `unknown`: it has run, but this version of the program lacks it. `changed`: its
 * file is not the one that has run.
 */
export type MigrationStatus = {
  version: number;
  name: string;
  state: 'applied' | 'pending' | 'unknown' | 'changed';
}[];

/** How callers tell why a store cannot be opened: by this `code` of the error. */
export const MIGRATIONS_REFUSED = 'MIGRATIONS_REFUSED';
export const MIGRATIONS_PENDING = 'MIGRATIONS_PENDING';

const FILE = /^(\d{4})-([a-z0-9-]+)\.sql$/;
const KIND = /^-- kind: (.*)/;

/** Reads `0001-name.sql`, `0002-…` of a directory. Throws for another file name or a gap in the numbers. */
export function loadMigrations(directory: URL): readonly Migration[] {
  return sqlFiles(directory).map((file, at) => {
    const [, digits, name] = FILE.exec(file) ?? [];
    if (name === undefined || Number(digits) !== at + 1) throw new Error(`${file} is not migration ${at + 1}`);
    const sql = readFileSync(new URL(file, directory), 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    return { version: at + 1, name, kind: kindOf(file, sql), checksum, sql };
  });
}

/** What the first line says: `-- kind: expand`. One that says nothing is never run beside. */
function kindOf(file: string, sql: string): MigrationKind {
  const kind = KIND.exec(sql)?.[1] ?? 'contract';
  if (kind !== 'expand' && kind !== 'contract') throw new Error(`${file} is of the unknown kind ${kind}`);
  return kind;
}

/**
 * The migrations to run, in order. Those of a newer program that only add are no hindrance.
 * @throws with the code MIGRATIONS_REFUSED when one that has run differs from its file, or when the database has one
 * that this program lacks and cannot work beside
 */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  for (const done of applied) {
    const file = known.find((migration) => migration.version === done.version);
    const label = `migration ${done.version} (${done.name})`;
    if (file === undefined) {
      if (done.kind === 'expand') continue;
      throw refused(`the database has ${label}, which this version of the program lacks and cannot work beside`);
    }
    if (file.checksum !== done.checksum) {
      throw refused(`${label} was changed after it ran: its file has checksum ${file.checksum}, not ${done.checksum}`);
    }
  }
  return known.filter((migration) => !applied.some((done) => done.version === migration.version));
}

/** How each migration stands that the program or the database knows. */
export function statusOf(known: readonly Migration[], applied: readonly AppliedMigration[]): MigrationStatus {
  const ran = new Map(applied.map((done) => [done.version, done]));
  const own = known.map(({ version, name, checksum }) => {
    const done = ran.get(version);
    ran.delete(version);
    if (done === undefined) return { version, name, state: 'pending' as const };
    return { version, name, state: done.checksum === checksum ? ('applied' as const) : ('changed' as const) };
  });
  return [...own, ...[...ran.values()].map(({ version, name }) => ({ version, name, state: 'unknown' as const }))];
}

/** Migrations that a store needs and was told not to run. */
export function migrationsPending(pending: readonly Migration[]): Error {
  const names = pending.map(({ version, name }) => `${version} (${name})`).join(', ');
  const message = `migrations that this version of the program needs have not run: ${names}`;
  return Object.assign(new Error(message), { code: MIGRATIONS_PENDING });
}

function refused(message: string): Error {
  return Object.assign(new Error(message), { code: MIGRATIONS_REFUSED });
}
