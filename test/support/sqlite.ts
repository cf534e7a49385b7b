/** A SQLite store in a temporary directory, with the handles that only a test may turn. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore, type SqliteOpened, type SqliteOptions } from '../../src/adapters/sqlite/store.ts';
import type { Log } from '../../src/ports.ts';
import type { StoreUnderTest } from '../store-contract/harness.ts';

/** A log nobody reads. */
export const QUIET_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export type OpenedStore = Extract<SqliteOpened, { kind: 'opened' }>;

/** Opens a store that nobody else has open. */
export async function openedStore(options: Omit<SqliteOptions, 'log'>): Promise<OpenedStore> {
  const opened = await openSqliteStore({ log: QUIET_LOG, ...options });
  if (opened.kind === 'locked') throw new Error(`${opened.path} is locked`);
  return opened;
}

/** A fresh directory for a store. */
function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'hookyard-sqlite-'));
}

export interface TemporaryStore {
  directory: string;
  /** Opens the store of `directory`; what is still open at the end is crashed. */
  open(options?: Partial<SqliteOptions>): Promise<OpenedStore>;
}

/** Runs `use` with a directory that is gone afterwards. */
export async function temporaryStore(use: (temporary: TemporaryStore) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  const stores: OpenedStore[] = [];
  const open = async (options: Partial<SqliteOptions> = {}) => {
    const opened = await openedStore({ directory, ...options });
    stores.push(opened);
    return opened;
  };
  try {
    await use({ directory, open });
  } finally {
    for (const { faults } of stores) await faults.crash();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The store under the contract tests. Engine time moves by an offset that the store's threads share. */
export async function openSqliteForTest(options: { shards?: number } = {}): Promise<StoreUnderTest> {
  const directory = temporaryDirectory();
  const clockOffset = new SharedArrayBuffer(8);
  const offset = new Float64Array(clockOffset);
  const open = () => openedStore({ directory, clockOffset, ...options });
  let opened = await open();
  return {
    get store() {
      return opened.store;
    },
    advance: async (ms) => {
      offset[0] = (offset[0] ?? 0) + ms;
    },
    crash: async () => {
      await opened.faults.crash();
      opened = await open();
    },
    close: async () => {
      await opened.store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
