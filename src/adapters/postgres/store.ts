/** Opening the PostgreSQL store: any number of processes on one database make one Hookyard. */
import type { Log, Store } from '../../ports.ts';
import { unavailable } from '../sql/unavailable.ts';
import { type Database, openDatabase } from './database.ts';
import { facade } from './facade.ts';
import { install } from './install.ts';
import { asStoreError } from './unavailable.ts';

export interface PostgresOptions {
  /** `postgres://…` */
  url: string;
  log: Log;
  /** Lease shards of a fresh install; an existing one keeps its own. */
  shards?: number;
  /** Milliseconds that a test adds to engine time. */
  clockOffsetMs?: () => number;
}

/** What only a test of faults does. */
export interface Faults {
  /** Drops everything as a killed process would. */
  crash(): Promise<void>;
}

export interface PostgresOpened {
  store: Store;
  faults: Faults;
}

/** Enough for as many nodes as one primary serves, few enough to be leased one by one. */
const DEFAULT_SHARDS = 256;

/**
 * Opens the store of a database; makes it ready first.
 * @throws with the code STORE_UNAVAILABLE when the database cannot be reached, and when its migrations were changed
 */
export async function openPostgresStore(options: PostgresOptions): Promise<PostgresOpened> {
  const database = openDatabase({
    url: options.url,
    clockOffsetMs: options.clockOffsetMs ?? (() => 0),
    onLost: (error) => options.log.warn('store.connection_lost', { message: error.message }),
  });
  const shards = await installed(database, options.shards ?? DEFAULT_SHARDS);
  const life = { over: false };
  const { store, idle } = facade(guarded(database, life), shards);
  const close = async () => {
    await idle();
    life.over = true;
    await database.close();
  };
  const crash = async () => {
    life.over = true;
    await database.crash();
  };
  return { store: { ...store, close }, faults: { crash } };
}

async function installed(database: Database, shards: number): Promise<number> {
  try {
    return await install(database, shards);
  } catch (error) {
    await database.close();
    throw asStoreError(error);
  }
}

/** A database that is asked nothing once the store is closed. */
function guarded(database: Database, life: { over: boolean }): Database {
  const check = () => {
    if (life.over) throw unavailable('the store is closed');
  };
  return {
    ...database,
    use: async (road, work) => {
      check();
      return database.use(road, work);
    },
    snapshot: async (road, work) => {
      check();
      return database.snapshot(road, work);
    },
    transaction: async (road, work) => {
      check();
      return database.transaction(road, work);
    },
  };
}
