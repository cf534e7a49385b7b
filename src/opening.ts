/** Opening the store that the options name, with the keys that belong to it. */
import { join } from 'node:path';
import { openDataDirectory } from './adapters/data-directory.ts';
import { type Keyring, openKeyring, openSharedKeyring } from './adapters/keyring.ts';
import { openPostgres } from './adapters/postgres/opening.ts';
import { openSqlite } from './adapters/sqlite/opening.ts';
import type { Clock, Log, Store } from './ports.ts';

export interface StorePlace {
  /** Database and lock, unless `databaseUrl` is given, sealing key and admin key; made when it does not exist. */
  dataDirectory: string;
  /** Sealing keys; `keyring.json` in the data directory unless told. */
  keyringPath?: string;
  /**
   * `postgres://…`: the store of many processes, which together are one Hookyard. SQLite in `dataDirectory` unless
   * told.
   */
  databaseUrl?: string;
  /**
   * Whether the start runs migrations that the database lacks; true unless told. Else it is refused with pending ones.
   */
  migrate?: boolean;
}

export interface StoreGround {
  log: Log;
  clock: Clock;
  /** What the store adds to its own clock: one float64 of milliseconds. */
  clockOffset: SharedArrayBuffer | undefined;
}

export interface OpenedStore {
  kind: 'opened';
  store: Store;
  keyring: Keyring;
  /** On PostgreSQL, whether or not other processes are there now. */
  shared: { lackingKeys(): Promise<readonly string[]> } | null;
}

/** `refused`: it cannot work like this. `away`: the database was away for longer than a start waits. */
export interface NotStarted {
  kind: 'refused' | 'away';
  reason: string;
  remedy: string;
}

/** Opens PostgreSQL where a URL names one, SQLite in the data directory otherwise. */
export function openStore(place: StorePlace, ground: StoreGround): Promise<OpenedStore | NotStarted> {
  const { databaseUrl } = place;
  return databaseUrl === undefined ? openEmbedded(place, ground) : openShared(place, databaseUrl, ground);
}

async function openEmbedded(place: StorePlace, { log, clockOffset }: StoreGround): Promise<OpenedStore | NotStarted> {
  const { dataDirectory: directory, migrate = true } = place;
  openDataDirectory(directory);
  const keyring = openKeyring(keyringPathOf(place));
  if (keyring.kind === 'unusable') {
    return { kind: 'refused', reason: keyring.reason, remedy: 'Restore the keyring from a backup.' };
  }
  const time = clockOffset === undefined ? {} : { clockOffset };
  const opened = await openSqlite({ directory, log, onFatal: endProcess(log), migrate, ...time });
  if (opened.kind === 'refused') return opened;
  return { kind: 'opened', store: opened.store, keyring: keyring.keyring, shared: null };
}

async function openShared(
  place: StorePlace,
  url: string,
  { log, clock, clockOffset }: StoreGround,
): Promise<OpenedStore | NotStarted> {
  const offset = clockOffset === undefined ? null : new Float64Array(clockOffset);
  openDataDirectory(place.dataDirectory);
  const clockOffsetMs = () => offset?.[0] ?? 0;
  const opened = await openPostgres({ url, log, clock, clockOffsetMs, migrate: place.migrate ?? true });
  if (opened.kind !== 'opened') return opened;
  const { store, sealingKeys } = opened;
  const shared = await orClosed(store, () => openSharedKeyring(keyringPathOf(place), sealingKeys));
  if (shared.kind === 'refused') {
    await store.close();
    return shared;
  }
  return { kind: 'opened', store, keyring: shared.keyring, shared: { lackingKeys: shared.lacking } };
}

function keyringPathOf({ keyringPath, dataDirectory }: StorePlace): string {
  return keyringPath ?? join(dataDirectory, 'keyring.json');
}

/** Neither threads nor locks nor connections of a store may outlive a start that failed. */
export async function orClosed<T>(store: Store, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A store whose threads keep dying cannot keep promises; a supervisor starts the process afresh. */
function endProcess(log: Log): (error: Error) => void {
  return (error) => {
    log.error('store.fatal', { error });
    process.exit(1);
  };
}
