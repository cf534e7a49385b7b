/** An instance that is killed and started again over one data directory, with receivers that outlive it. */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import {
  ADMIN_KEY,
  type Api,
  apiOf,
  type Exit,
  freshDirectory,
  type Spawned,
  type StartOptions,
  spawnHookyard,
} from '../support/hookyard.ts';
import { type Receiver, type Script, startReceiver } from '../support/receiver.ts';
import type { Faults } from './faulty-process.ts';

const FAULTY = fileURLToPath(new URL('./faulty-process.ts', import.meta.url));

interface Instance {
  url: string;
  api: Api;
}

export interface Ground {
  /** The instance that is up, or was the last one. */
  up(): Instance;
  /** 1 until the first end, 2 from then on, … */
  life(): number;
  /** Ends the instance at once; nothing when it has ended already. */
  kill(): Promise<void>;
  /** Asks it to end; how it did. */
  terminate(): Promise<Exit>;
  /** Starts it again, as if so much time had passed meanwhile; milliseconds until it was ready. */
  restart(aheadMs?: number): Promise<number>;
  /** Starts it again for a life that a receiver ends with `kill`; resolves with the end. */
  restartDoomed(): Promise<void>;
  receiver(script: Script): Promise<Receiver>;
  /** Ends everything and takes the data directory away. */
  close(): Promise<void>;
}

/** Starts an instance over a fresh directory. */
export async function openGround(): Promise<Ground> {
  const dataDirectory = freshDirectory();
  const receivers: Receiver[] = [];
  let life = 1;
  let spawned = launch();
  let up = await untilReady(spawned);

  function launch(aheadMs = 0): Spawned {
    const flags = ['--allow-hosts', '127.0.0.1'];
    const launched = spawnHookyard({ dataDirectory, flags, ...(aheadMs === 0 ? {} : later(aheadMs)) });
    void launched.exited.then(() => {
      life += 1;
    });
    return launched;
  }

  return {
    up: () => up,
    life: () => life,
    async kill() {
      await spawned.kill('SIGKILL');
    },
    terminate: () => spawned.kill('SIGTERM'),
    async restart(aheadMs) {
      const startedMs = performance.now();
      spawned = launch(aheadMs);
      up = await untilReady(spawned);
      return Math.round(performance.now() - startedMs);
    },
    async restartDoomed() {
      const before = life;
      spawned = launch();
      await eventually('a receiver to end it', () => life > before || null);
    },
    async receiver(script) {
      const receiver = await startReceiver();
      receiver.respond(script);
      receivers.push(receiver);
      return receiver;
    },
    async close() {
      await spawned.kill('SIGKILL');
      for (const receiver of receivers) await receiver.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** The program whose clocks are ahead. */
function later(aheadMs: number): Pick<StartOptions, 'main' | 'env'> {
  const faults: Faults = { killAfterReceipts: null, taskStepMs: 0, aheadMs };
  return { main: FAULTY, env: { FAULTS: JSON.stringify(faults) } };
}

/** Waits until an instance says that it is ready. */
async function untilReady({ listening }: Spawned): Promise<Instance> {
  const url = await listening;
  const api = apiOf(url, ADMIN_KEY);
  await eventually('readiness', async () => (await api('GET', '/readyz')).status === 200 || null);
  return { url, api };
}
