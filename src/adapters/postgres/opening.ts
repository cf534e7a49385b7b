/** Opening the store at start: a database that is away is waited for, one that cannot be right is refused at once. */
import { Client } from 'pg';
import { isStoreAway } from '../../core/store-away.ts';
import type { Clock } from '../../ports.ts';
import { MIGRATIONS_PENDING, MIGRATIONS_REFUSED } from '../sql/migrations.ts';
import { addressOf } from './address.ts';
import { statementOf } from './statement.ts';
import { openPostgresStore, type PostgresOpened, type PostgresOptions } from './store.ts';
import { isAway } from './unavailable.ts';

export type Failed =
  /** Trying again would not help. Host and database are named, and never a user or a password. */
  | { kind: 'refused'; reason: string; remedy: string }
  /** It could not be reached, for now. */
  | { kind: 'away'; reason: string; remedy: string };

export type Opening = ({ kind: 'opened' } & PostgresOpened) | Failed;

type Refusal = Omit<Failed, 'kind'>;

export interface OpeningOptions extends PostgresOptions {
  clock: Pick<Clock, 'monotonicMs' | 'after'>;
}

/** A database that is away is waited for this long. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2000;
const PROBE_TIMEOUT_MS = 5000;
/** Older ones lack what the statements use, and are not tested. */
const OLDEST = { version: 150_000, shown: '15' };
const NO_SCHEMA = 'has no schema to make tables in';
const MAKE_SCHEMA = 'Create the schema that search_path names.';

/** Opens the store of the database at `url`, waiting for one that is away. Throws only for what is a bug. */
export async function openPostgres(options: OpeningOptions): Promise<Opening> {
  const { url, clock, log } = options;
  const untilMs = clock.monotonicMs() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const outcome = await atDatabase(url, () => openPostgresStore(options));
    if (outcome.kind === 'done') return { kind: 'opened', ...outcome.result };
    if (outcome.kind === 'refused' || clock.monotonicMs() >= untilMs) return outcome;
    log.warn('store.waiting', { message: outcome.reason });
    await waited(clock, pauseMs);
  }
}

/** Waits, and keeps the process alive meanwhile: the clock's timers do not, and there is nothing else yet that does. */
async function waited(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
  const awake = setInterval(() => {}, LONGEST_PAUSE_MS);
  await new Promise<void>((resolve) => clock.after(ms, resolve));
  clearInterval(awake);
}

/** Does something with a database that was found to be one that Hookyard can use. Throws only for what is a bug. */
export async function atDatabase<Result>(
  url: string,
  work: () => Promise<Result>,
): Promise<{ kind: 'done'; result: Result } | Failed> {
  const address = addressOf(url);
  if (address.kind === 'wrong') return { kind: 'refused', ...wrongUrl(address.why) };
  const { shown } = address;
  try {
    const refusal = await inspect(url, shown);
    return refusal === null ? { kind: 'done', result: await work() } : { kind: 'refused', ...refusal };
  } catch (error) {
    const refusal = refusalOf(error, shown);
    if (refusal !== null) return { kind: 'refused', ...refusal };
    if (!isAway(error)) throw error;
    const reason = `PostgreSQL at ${shown} cannot be reached: ${messageOf(error)}.`;
    return {
      kind: 'away',
      reason,
      remedy: 'Check that it runs and that this host may connect to it, then start again.',
    };
  }
}

/** Asks the server what it is; null when it will do. */
async function inspect(url: string, shown: string): Promise<Refusal | null> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: PROBE_TIMEOUT_MS,
    query_timeout: PROBE_TIMEOUT_MS,
    application_name: 'hookyard start',
  });
  // A connection that ends between two statements tells so here, and by the statement that follows.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<Server>(statementOf(['server']).text);
    const [server] = rows;
    if (server === undefined) throw new Error('the server did not say what it is');
    return unfit(server, shown);
  } finally {
    // A server that does not answer does not say goodbye either.
    client.end().catch(() => {});
  }
}

/** What a server says of itself. */
export interface Server {
  /** As a number: 150004 is 15.4. */
  version: number;
  shown: string;
  encoding: string;
  /** Where tables are made and found. */
  schema: string | null;
}

/** Why a server cannot be used; null when it can. */
export function unfit({ version, shown, encoding, schema }: Server, address: string): Refusal | null {
  if (version < OLDEST.version) {
    const reason = `PostgreSQL at ${address} is version ${shown}.`;
    return { reason, remedy: `Use PostgreSQL ${OLDEST.shown} or later.` };
  }
  if (encoding !== 'UTF8') {
    const reason = `The database at ${address} keeps text as ${encoding}.`;
    return { reason, remedy: "Create one with encoding 'UTF8' and template template0." };
  }
  if (schema !== null) return null;
  return { reason: `The database at ${address} ${NO_SCHEMA}.`, remedy: MAKE_SCHEMA };
}

function wrongUrl(why: string): Refusal {
  return { reason: `The database URL ${why}.`, remedy: 'Give it as postgres://user:password@host:5432/database.' };
}

const CREDENTIALS = 'Check user and password in HOOKYARD_DATABASE_URL, and pg_hba.conf on the server.';
const POOLER = 'Connect to PostgreSQL itself, or to a pooler that keeps sessions (docs/postgres.md).';

/** By the code of the error: what to do about migrations; the error says which. */
const MIGRATION_REMEDIES: Readonly<Record<string, string>> = {
  [MIGRATIONS_PENDING]: 'Run `hookyard migrations run`, or start with --migrate 1.',
  [MIGRATIONS_REFUSED]: 'Start the version of Hookyard that made the database what it is, or a later one.',
};

/** By SQLSTATE: what no second try changes. */
const REFUSALS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  '28000': ['lets this user or host not in', CREDENTIALS],
  '28P01': ['refuses user or password', CREDENTIALS],
  '3F000': [NO_SCHEMA, MAKE_SCHEMA],
  '3D000': ['has no such database', 'Create it, or correct HOOKYARD_DATABASE_URL.'],
  '42501': [
    'does not let this user make or use what Hookyard needs',
    'Let it own the database, or run `hookyard migrations run` as a user who may, and grant this one the tables.',
  ],
  '08P01': ['does not speak as PostgreSQL does', POOLER],
};

function refusalOf(error: unknown, shown: string): Refusal | null {
  if (!(error instanceof Error)) return null;
  if (isOfFile(error)) {
    const reason = `A file for TLS with PostgreSQL at ${shown} cannot be read: ${error.message}.`;
    return { reason, remedy: 'Check sslrootcert, sslcert and sslkey in HOOKYARD_DATABASE_URL.' };
  }
  const code = codeOf(error);
  const remedy = MIGRATION_REMEDIES[code];
  if (remedy !== undefined) return { reason: `The database at ${shown} cannot be used: ${error.message}.`, remedy };
  const known = REFUSALS[code];
  if (known !== undefined) return { reason: `PostgreSQL at ${shown} ${known[0]} (${code}).`, remedy: known[1] };
  // The driver's own words, when a password is asked for and none is there.
  if (error.message.startsWith('SASL')) {
    return { reason: `PostgreSQL at ${shown} asks for a password.`, remedy: CREDENTIALS };
  }
  if (/\b(SSL|TLS|certificate)/i.test(`${error.message} ${code}`)) {
    const remedy = 'Check sslmode in HOOKYARD_DATABASE_URL and the certificate of the server.';
    return { reason: `PostgreSQL at ${shown} cannot be reached over TLS: ${messageOf(error)}.`, remedy };
  }
  return null;
}

/** What the URL names was not read; a socket has the same codes when nobody listens there, which may change. */
function isOfFile(error: Error): boolean {
  const { code, syscall }: NodeJS.ErrnoException = error;
  return code === 'EISDIR' || (syscall === 'open' && /^(ENOENT|ENOTDIR|EACCES)$/.test(code ?? ''));
}

function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string' && !isStoreAway(error)) return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : '';
}

/** An error of several addresses that were tried has no words of its own. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? codeOf(error) : error.message;
}
