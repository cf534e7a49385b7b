/** Opening the SQLite store: one process, one writer thread, one query thread. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { storeAway } from '../../core/store-away.ts';
import type { Log, Store } from '../../ports.ts';
import { createGroupCommit } from '../sql/group-commit.ts';
import { type ClockOrigin, startClock } from './engine-clock.ts';
import { facade } from './facade.ts';
import { install } from './install.ts';
import { lent } from './lent.ts';
import { ensurePrivateFile, takeLock } from './lock.ts';
import { createLogCopy } from './log-copy.ts';
import type { Call } from './operations.ts';
import { type Ask, COPY_LOG } from './queries.ts';
import { repeat } from './repeat.ts';
import { startThread, threadModule } from './thread.ts';
import { withCodes } from './unavailable.ts';

export interface SqliteOptions {
  /** Made when it does not exist; its files are readable by this user alone. */
  directory: string;
  log: Log;
  /** Lease shards of a fresh install; 1 when left out. An existing one keeps its own. */
  shards?: number;
  /** One float64 of milliseconds that a test adds to engine time. */
  clockOffset?: SharedArrayBuffer;
  /** Called when threads die so often that starting them again is no use: end the process. */
  onFatal?: (error: Error) => void;
}

/** What only a test of faults does. */
export interface Faults {
  /** Drops everything as a killed process would: threads end at once, nothing is closed, the lock is free. */
  crash(): Promise<void>;
  killWriter(): Promise<void>;
  killReader(): Promise<void>;
}

export type SqliteOpened =
  /** `unclean`: the process before this one did not release its leases. */
  | { kind: 'opened'; store: Store; unclean: boolean; faults: Faults }
  /** Another process, or another store of this one, has the data directory. */
  | { kind: 'locked'; path: string };

/** Of a data directory. */
export const DATABASE_FILE = 'hookyard.db';
const MAX_DEATHS = 3;
const DEATH_WINDOW_MS = 60_000;

/** Opens the store of a data directory. Throws when the database cannot be read or its migrations were changed. */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteOpened> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const lockPath = join(options.directory, 'hookyard.lock');
  const lock = takeLock(lockPath);
  if (lock.kind === 'locked') return { kind: 'locked', path: lockPath };
  try {
    const path = join(options.directory, DATABASE_FILE);
    ensurePrivateFile(path);
    const { shards, highWaterMs, unclean } = install(path, options.shards ?? 1);
    const clock = startClock(highWaterMs, options.clockOffset ?? null);
    const { store, faults } = runStore(options, { path, shards, clock }, lock.release);
    return { kind: 'opened', store, unclean, faults };
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Setting {
  path: string;
  shards: number;
  clock: ClockOrigin;
}

function runStore(options: SqliteOptions, setting: Setting, releaseLock: () => void): { store: Store; faults: Faults } {
  const life = lifeOf(options);
  const onDeath = (error: Error) => life.died(error);
  const writer = startThread<readonly Call[], readonly unknown[]>({
    module: threadModule('writer'),
    data: setting,
    onDeath,
  });
  const reader = startThread<Ask, unknown>({ module: threadModule('reader'), data: setting, onDeath });
  const commits = createGroupCommit<Call, unknown>({
    execute: async (batch) => {
      const { calls, transfer } = lent(batch);
      const answers = await (life.over() ? closed() : writer.ask(calls, transfer));
      copies.committed(batch, performance.now());
      return withCodes(answers);
    },
    repeat: (call) => (life.over() ? null : repeat(call)),
    // Measured: a turn of this many appends takes 8 to 16 ms; a larger one makes the first wait for the last.
    maxBatch: 512,
    maxInFlight: 1,
  });
  const copies = createLogCopy(
    () => (life.over() ? closed() : reader.ask(COPY_LOG)),
    () => commits.submit(['copyLog', undefined, false]),
  );
  const store = facade(setting.shards, {
    write: (call) => commits.submit(call),
    read: async (ask) => withCodes([await (life.over() ? closed() : reader.ask(ask))])[0],
    close: async () => {
      await commits.idle();
      life.end();
      await Promise.all([reader.end(), writer.end()]);
      releaseLock();
    },
  });
  const crash = async () => {
    life.end();
    await Promise.all([reader.kill(), writer.kill()]);
    releaseLock();
  };
  return { store, faults: { crash, killWriter: writer.kill, killReader: reader.kill } };
}

async function closed(): Promise<never> {
  throw storeAway('the store is closed');
}

/** Counts deaths of threads; after too many the store gives up. */
function lifeOf(options: SqliteOptions) {
  let ended = false;
  let deaths: readonly number[] = [];
  return {
    over: () => ended,
    end: () => {
      ended = true;
    },
    died: (error: Error) => {
      if (ended) return;
      const nowMs = performance.now();
      deaths = [...deaths.filter((atMs) => nowMs - atMs < DEATH_WINDOW_MS), nowMs];
      options.log.error('store.thread_died', { message: error.message, deaths: deaths.length });
      if (deaths.length < MAX_DEATHS) return;
      ended = true;
      options.onFatal?.(error);
    },
  };
}
