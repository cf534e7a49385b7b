/** A thread that answers numbered requests and is started again when it dies. */
import { Worker } from 'node:worker_threads';
import { storeAway } from '../../core/store-away.ts';
import type { FromThread, ToThread } from './serve.ts';

export interface Thread<Request, Answer> {
  /** Rejects when the thread dies before it answers: then nobody knows how far it got. */
  ask(request: Request, transfer?: readonly ArrayBuffer[]): Promise<Answer>;
  /** Lets the thread close what it holds. */
  end(): Promise<void>;
  /** Ends the running thread at once; the next request starts another. */
  kill(): Promise<void>;
}

export interface ThreadOptions {
  module: URL;
  data: unknown;
  /** Called when the thread ends without having been asked to. */
  onDeath(error: Error): void;
}

interface Pending<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Running<Answer> {
  worker: Worker;
  pending: Map<number, Pending<Answer>>;
  gone: Promise<void>;
}

/** A database thread keeps nothing for long; left alone, V8 gives its young objects some fifty megabytes each. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 8 };

/** The module beside this one, as a source or as built. */
export function threadModule(name: 'writer' | 'reader'): URL {
  const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${suffix}`, import.meta.url);
}

export function startThread<Request, Answer>(options: ThreadOptions): Thread<Request, Answer> {
  let asked = 0;
  let ending = false;
  let running: Running<Answer> | null = null;

  function spawn(): Running<Answer> {
    const worker = new Worker(options.module, { workerData: options.data, resourceLimits: THREAD_MEMORY });
    const pending = new Map<number, Pending<Answer>>();
    let reason = storeAway('the database thread ended');
    worker.on('error', (error: Error) => {
      reason = storeAway(error.message);
    });
    worker.on('message', ([id, answer]: FromThread<Answer>) => {
      pending.get(id)?.resolve(answer);
      pending.delete(id);
    });
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve())).then(() => {
      running = null;
      if (!ending) options.onDeath(reason);
      for (const { reject } of pending.values()) reject(reason);
    });
    return { worker, pending, gone };
  }

  return {
    ask: (request, transfer = []) =>
      new Promise((resolve, reject) => {
        running ??= spawn();
        asked += 1;
        running.pending.set(asked, { resolve, reject });
        running.worker.postMessage([asked, request] satisfies ToThread<Request>, transfer);
      }),
    end: async () => {
      ending = true;
      running?.worker.postMessage(null satisfies ToThread<Request>);
      await running?.gone;
    },
    kill: async () => {
      const { worker, gone } = running ?? {};
      await worker?.terminate();
      await gone;
    },
  };
}
