import type { Command } from 'commander';
import { createLog } from '../../adapters/log.ts';
import { addressOf } from '../../adapters/postgres/address.ts';
import { migrationStatus, runMigrations } from '../../adapters/postgres/migrating.ts';
import { atDatabase } from '../../adapters/postgres/opening.ts';
import { sqliteMigrations } from '../../adapters/sqlite/migrating.ts';
import { openSqlite } from '../../adapters/sqlite/opening.ts';
import { type Origins, readConfiguration } from '../config.ts';
import { withSettings } from '../flags.ts';
import type { StartConfiguration } from '../settings.ts';
import { processTerminal, type Terminal } from '../start.ts';

/** What a look at the migrations ends with: none is pending · some are · it could not be told, or not be done. */
const EXIT = { none: 0, pending: 1, failed: 2 } as const;

/** Which settings say where the database is and what is logged; the other ones are of no use here. */
const OF_USE: readonly string[] = ['data', 'database-url', 'log-level'];

type MigrationStatus = Awaited<ReturnType<typeof migrationStatus>>;
type Told =
  | { kind: 'told'; migrations: MigrationStatus }
  | { kind: 'refused' | 'away'; reason: string; remedy: string };
type Ask = (configuration: StartConfiguration) => Promise<Told>;

/** `hookyard migrations status` and `hookyard migrations run`, on the database that `serve` would use. */
export function addMigrations(program: Command): void {
  const migrations = program.command('migrations').description('how the database stands, and making it ready');
  const status = migrations
    .command('status')
    .description('list the migrations; exit 0 when none is pending, 1 when some are, 2 when it cannot be told');
  const run = migrations.command('run').description('run those that are pending; safe beside nodes that are at work');
  for (const [command, ask] of [
    [status, lookedAt],
    [run, ran],
  ] as const) {
    withSettings(command, OF_USE).action((flags) => tell({ flags }, ask, processTerminal));
  }
}

async function tell(origins: Origins, ask: Ask, terminal: Terminal): Promise<void> {
  const read = readConfiguration(origins);
  const told = read.kind === 'refused' ? read : await ask(read.configuration);
  if (told.kind !== 'told') {
    terminal.warn(`hookyard: ${told.reason}`);
    terminal.warn(`  ${told.remedy}`);
    return terminal.exit(EXIT.failed);
  }
  if (read.kind === 'configuration') terminal.say(placeOf(read.configuration));
  for (const { version, name, state } of told.migrations) {
    terminal.say(`${`${version}`.padStart(4, '0')}  ${state.padEnd(7)}  ${name}`);
  }
  terminal.exit(exitOf(told.migrations));
}

/** Which database it was: a variable that is not set would otherwise go unnoticed. */
function placeOf({ databaseUrl, dataDirectory }: StartConfiguration): string {
  const address = databaseUrl === undefined ? null : addressOf(databaseUrl);
  return address?.kind === 'address' ? `PostgreSQL at ${address.shown}` : `SQLite in ${dataDirectory}`;
}

function exitOf(migrations: MigrationStatus): number {
  if (migrations.some(({ state }) => state === 'changed')) return EXIT.failed;
  return migrations.some(({ state }) => state === 'pending') ? EXIT.pending : EXIT.none;
}

async function lookedAt({ databaseUrl, dataDirectory }: StartConfiguration): Promise<Told> {
  if (databaseUrl !== undefined) return toldBy(databaseUrl, () => migrationStatus(databaseUrl));
  return inDirectory(dataDirectory, async () => ({ kind: 'told', migrations: sqliteMigrations(dataDirectory) }));
}

async function ran({ databaseUrl, dataDirectory: directory, logLevel = 'info' }: StartConfiguration): Promise<Told> {
  const log = createLog({ level: logLevel });
  if (databaseUrl !== undefined) return toldBy(databaseUrl, () => runMigrations(databaseUrl, log));
  return inDirectory(directory, async () => {
    const opened = await openSqlite({ directory, log });
    if (opened.kind === 'refused') return opened;
    await opened.store.close();
    return { kind: 'told', migrations: sqliteMigrations(directory) };
  });
}

async function toldBy(url: string, work: () => Promise<MigrationStatus>): Promise<Told> {
  const outcome = await atDatabase(url, work);
  return outcome.kind === 'done' ? { kind: 'told', migrations: outcome.result } : outcome;
}

async function inDirectory(directory: string, work: () => Promise<Told>): Promise<Told> {
  try {
    return await work();
  } catch (error) {
    const reason = `The database in ${directory} cannot be read: ${error instanceof Error ? error.message : error}.`;
    return { kind: 'refused', reason, remedy: 'Check that --data names the directory of a Hookyard.' };
  }
}
