/** What failures of the database mean: away for now, another transaction got in between, or a bug of ours. */
import { DatabaseError } from 'pg';
import { isStoreAway, storeAway } from '../../core/store-away.ts';

/** `away`: nobody knows whether a commit under way was made. `race`: nothing was; made again, it may succeed. */
export type Meaning = 'away' | 'race' | 'bug';

/**
 * Classes and codes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html); the longest that fits
 * counts, and what none fits is a bug.
 */
export const SQLSTATES: Readonly<Record<string, Exclude<Meaning, 'bug'>>> = {
  /** The connection failed. */
  '08': 'away',
  /** A unique key is taken: what took it is seen when it is decided again. */
  '23505': 'race',
  /** Read-only: a standby, a primary that became one, or one that was told so. */
  '25006': 'away',
  /** The session was idle in its transaction for too long, or the transaction took too long. */
  '25P03': 'away',
  '25P04': 'away',
  /** The user is not let in: a password that was changed, a rule that is new. */
  '28': 'away',
  /** There is no such database, for now: it is being restored. */
  '3D000': 'away',
  /** Could not serialise · deadlock. */
  '40001': 'race',
  '40P01': 'race',
  /** The connection was lost to another server, which knows more. */
  '40003': 'away',
  /** Connections, memory or disk are used up. */
  '53': 'away',
  /** A lock was not to be had in time. */
  '55P03': 'away',
  /** Shut down, crashed, not ready yet, or cancelled because it took too long. */
  '57': 'away',
  /** The system under the server failed. */
  '58': 'away',
  /** The server or its data is broken. */
  XX: 'away',
};

/** A table was changed by a migration since the connection prepared its statement: a new connection prepares it anew. */
const STALE_PLAN = 'RevalidateCachedQuery';

/** Codes of sockets and of name servers (https://nodejs.org/api/errors.html#common-system-errors). */
export const SYSTEM_CODES: ReadonlySet<string> = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOENT',
  'ENOTCONN',
  'ENOTFOUND',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
]);

/** The driver's own errors, which have no code, about connections that are gone or were not made. */
const OF_DRIVER = [
  /^Connection terminated/,
  /^Client (has encountered a connection error|was closed) and is not queryable$/,
  /^(timeout expired|timeout exceeded when trying to connect|Query read timeout)$/,
  /^(The server does not support SSL connections|There was an error establishing an SSL connection)$/,
];

export function meaningOf(error: unknown): Meaning {
  if (!(error instanceof Error)) return 'bug';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof DatabaseError) {
    if (error.routine === STALE_PLAN) return 'away';
    return SQLSTATES[code] ?? SQLSTATES[code.slice(0, 2)] ?? 'bug';
  }
  const away = isStoreAway(error) || SYSTEM_CODES.has(code) || isTls(code) || isOfDriver(error);
  return away ? 'away' : 'bug';
}

/** Codes of the TLS library, and of certificates that are not believed (`X509_V_ERR_…` without their prefix). */
function isTls(code: string): boolean {
  return /^ERR_(SSL|TLS)_|CERT|^UNABLE_TO_(GET|VERIFY)|CRL|^HOSTNAME_MISMATCH$/.test(code);
}

function isOfDriver({ message }: Error): boolean {
  return OF_DRIVER.some((words) => words.test(message));
}

/** Whether another transaction got in between. */
export function isLostRace(error: unknown): boolean {
  return meaningOf(error) === 'race';
}

/** Whether a unique key was taken. When it always is, that is no race but a bug; other races are others' doing. */
export function isTaken(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '23505';
}

/** Whether the database, or the way to it, was lost: then nobody knows whether a commit under way was made. */
export function isAway(error: unknown): boolean {
  return meaningOf(error) === 'away';
}

/** An error as callers of the port know it. */
export function asStoreError(error: unknown): Error {
  if (isAway(error)) return asUnavailable(error);
  return error instanceof Error ? error : new Error(String(error));
}

/** Says of an error, whatever it is, that the store is away; what went wrong is its cause. */
export function asUnavailable(error: unknown, what = ''): Error {
  if (isStoreAway(error)) return error;
  return storeAway([what, reasonOf(error)].filter((part) => part !== '').join(': '), error);
}

/** That of several addresses, none of which answered, has no words of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
