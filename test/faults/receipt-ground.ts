/** The processes that receive: one on SQLite, or two on one PostgreSQL, each killed and begun again as is asked. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_KEY, type Api, apiOf, freshDirectory, type Spawned, spawnHookyard } from '../support/hookyard.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import type { Faults } from './faulty-process.ts';

export type ReceiptStore = 'sqlite' | 'postgres';

export interface ReceiptGround {
  /** How many there are. */
  processes: number;
  /** Of one that is up. */
  api(): Api;
  /** Of those that are up, one after the other; null when none is. */
  url(): string | null;
  /** Whether all are up. */
  isWhole(): boolean;
  /** Ends the life of a process, if it has not ended, and begins another one with these faults. */
  next(at: number, faults: Faults): Promise<void>;
  /** Resolves when the life of a process has ended. */
  ended(at: number): Promise<unknown>;
  /** `kill -9` of all of PostgreSQL, which then comes again; null where there is none. */
  killDatabase: (() => Promise<void>) | null;
  close(): Promise<void>;
}

/** One process; null as its URL while it is not up. */
interface Life {
  spawned: Spawned;
  url: string | null;
}

const MAIN = fileURLToPath(new URL('./faulty-process.ts', import.meta.url));
const PROCESSES: Readonly<Record<ReceiptStore, number>> = { sqlite: 1, postgres: 2 };

/** Starts all that is needed, each process with these faults; it is gone after `close`. */
export async function openReceiptGround(store: ReceiptStore, faults: Faults): Promise<ReceiptGround> {
  const directory = freshDirectory();
  // What is committed outlives the server's own processes only if the commit waits for its log.
  const settings = { synchronous_commit: 'on' };
  const postgres = store === 'sqlite' ? null : await startPostgres('18', { tcp: true, settings });
  const lives: Life[] = [];
  const ground = groundOf({ directory, postgres, lives, processes: PROCESSES[store] });
  try {
    // The first one makes the keyring that the other is given.
    for (let at = 0; at < ground.processes; at++) await ground.next(at, faults);
    return ground;
  } catch (error) {
    await ground.close();
    throw error;
  }
}

interface Inside {
  directory: string;
  postgres: PostgresServer | null;
  lives: Life[];
  processes: number;
}

function groundOf({ directory, postgres, lives, processes }: Inside): ReceiptGround {
  let turn = 0;
  const urlNow = () => {
    const up = lives.flatMap(({ url }) => url ?? []);
    return up[turn++ % Math.max(1, up.length)] ?? null;
  };
  return {
    processes,
    api: () => apiOf(urlNow() ?? '', ADMIN_KEY),
    url: urlNow,
    isWhole: () => lives.length === processes && lives.every(({ url }) => url !== null),
    next: async (at, faults) => {
      await lives[at]?.spawned.kill('SIGKILL');
      const life: Life = { spawned: launch(directory, at, postgres, faults), url: null };
      lives[at] = life;
      life.url = await life.spawned.listening;
      void life.spawned.exited.then(() => {
        life.url = null;
      });
    },
    ended: async (at) => lives[at]?.spawned.exited,
    killDatabase:
      postgres &&
      (async () => {
        await postgres.kill();
        await postgres.start();
      }),
    close: async () => {
      await Promise.all(lives.map(({ spawned }) => spawned.kill('SIGKILL')));
      await postgres?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function launch(directory: string, at: number, postgres: PostgresServer | null, faults: Faults): Spawned {
  const shared = postgres === null ? [] : ['--keyring', join(directory, 'keyring.json')];
  const database = postgres === null ? {} : { HOOKYARD_DATABASE_URL: postgres.url };
  return spawnHookyard({
    dataDirectory: join(directory, `process-${at}`),
    flags: ['--allow-hosts', '127.0.0.1', ...shared],
    main: MAIN,
    env: { FAULTS: JSON.stringify(faults), ...database },
  });
}
