/** Opening the PostgreSQL store: any number of processes on one database make one Hookyard. */
import type { Log, SealingKeys, Store } from '../../ports.ts';
import { type Database, openDatabase } from './database.ts';
import { facade } from './facade.ts';
import { install } from './install.ts';
import { neighbourhood } from './neighbours.ts';
import { partitionsAhead } from './partitions.ts';
import type { Times } from './roads.ts';
import { sealingKeysOf } from './sealing-keys.ts';
import { asStoreError } from './unavailable.ts';

export interface PostgresOptions {
  /** `postgres://…` */
  url: string;
  log: Log;
  /** Lease shards of a fresh install; an existing one keeps its own. */
  shards?: number;
  /** False: migrations that are missing are an error with the code MIGRATIONS_PENDING, and are not run. */
  migrate?: boolean;
  /** Milliseconds that a test adds to engine time. */
  clockOffsetMs?: () => number;
  /** How long is waited for the database, where that is not the usual. */
  times?: Partial<Times>;
}

/** What only a test of faults does. */
export interface Faults {
  /** Drops everything as a killed process would. */
  crash(): Promise<void>;
  /** Loses the connection that tells others of its life. */
  cutLine(): void;
}

export interface PostgresOpened {
  store: Store;
  sealingKeys: SealingKeys;
  faults: Faults;
}

/** Enough for as many nodes as one primary serves, few enough to be leased one by one. */
const DEFAULT_SHARDS = 256;

/**
 * Opens the store of a database; makes it ready first.
 * @throws with the code STORE_UNAVAILABLE when the database cannot be reached, and when its migrations were changed
 */
export async function openPostgresStore(options: PostgresOptions): Promise<PostgresOpened> {
  const connecting = {
    url: options.url,
    clockOffsetMs: options.clockOffsetMs ?? (() => 0),
    onLost: (error: Error) => options.log.warn('store.connection_lost', { message: error.message }),
  };
  const database = openDatabase({ ...connecting, times: options.times ?? {} });
  const shards = await installed(database, options);
  const others = neighbourhood(database, { ...connecting, answerMs: database.times.answerMs });
  const { store, idle } = facade(database, others, shards);
  const close = async () => {
    await idle();
    await Promise.all([others.close(), database.close()]);
  };
  const crash = async () => {
    others.crash();
    await database.crash();
  };
  const madeAhead = partitionsAhead(database, options.log);
  const maintain = async () => {
    await store.maintain();
    await madeAhead();
  };
  return {
    store: { ...store, maintain, close },
    sealingKeys: sealingKeysOf(database),
    faults: { crash, cutLine: others.cut },
  };
}

async function installed(database: Database, options: PostgresOptions): Promise<number> {
  const { log, migrate: migrates = true, shards = DEFAULT_SHARDS } = options;
  try {
    return await install(database, shards, { migrates, log });
  } catch (error) {
    await database.close();
    throw asStoreError(error);
  }
}
