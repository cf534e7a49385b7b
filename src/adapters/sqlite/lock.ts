/**
 * Proof that one process alone owns a data directory: an exclusive transaction, never committed, on a tiny second
 * database. The kernel frees it at once when the process dies. (`locking_mode=EXCLUSIVE` on the database itself would
 * lock out our own readers.)
 */
import { closeSync, openSync } from 'node:fs';
import { type Database, openDatabase } from './database.ts';

export type Lock = { kind: 'locked' } | { kind: 'held'; release(): void };

const SQLITE_BUSY = 5;

/** Takes the lock of `path`; `locked` when another opener, in this process or not, has it. */
export function takeLock(path: string): Lock {
  ensurePrivateFile(path);
  const database = openDatabase(path, 'lock');
  try {
    database.execute('take_lock');
  } catch (error) {
    database.close();
    if (errorCodeOf(error) === SQLITE_BUSY) return { kind: 'locked' };
    throw error;
  }
  return { kind: 'held', release: releaseOnce(database) };
}

function releaseOnce(database: Database): () => void {
  let held = true;
  return () => {
    if (held) database.close();
    held = false;
  };
}

/**
 * Makes `path` as an empty file of mode 0600 when there is none; SQLite gives its log the same mode. A file that
 * exists is never opened here: closing any descriptor of a file drops the POSIX locks this process holds on it.
 */
export function ensurePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function errorCodeOf(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}
