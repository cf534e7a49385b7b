/** Which failures mean that the database is away for now, rather than a bug of ours. */
import { DatabaseError } from 'pg';
import { STORE_UNAVAILABLE, unavailable } from '../sql/unavailable.ts';

/** Classes and codes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const AWAY: readonly string[] = [
  '08', // the connection failed
  '25006', // read-only: a primary that became a standby
  '53', // no connections, memory or disk left
  '55P03', // a lock was not to be had in time
  '57', // shut down, cancelled, not ready yet
  '58', // the system failed
  'XX', // the data or the server is broken
];

/** Unique key taken · deadlock · could not serialise: made again, it is decided on what the other one wrote. */
const LOST_RACES: ReadonlySet<string> = new Set(['23505', '40P01', '40001']);

/** Whether another transaction got in between. */
export function isLostRace(error: unknown): boolean {
  return error instanceof DatabaseError && LOST_RACES.has(error.code ?? '');
}

/** Whether the database, or the way to it, was lost: then nobody knows whether a commit under way was made. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && error.code === STORE_UNAVAILABLE) return true;
  if (!(error instanceof DatabaseError)) return isOfConnection(error);
  const { code = '' } = error;
  return AWAY.some((beginning) => code.startsWith(beginning));
}

/** The driver's own errors have no code, those of sockets have one of the system. */
function isOfConnection(error: Error): boolean {
  if (/connection|timeout|timed out|client was closed|not queryable|pool/i.test(error.message)) return true;
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
}

/** An error as callers of the port know it. */
export function asStoreError(error: unknown): Error {
  if (isAway(error)) return unavailable(error instanceof Error ? error.message : String(error), error);
  return error instanceof Error ? error : new Error(String(error));
}
