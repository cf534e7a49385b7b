/** A journey through hours that pass at once: an instance in this process, spoken to over HTTP, whose time is moved. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createHookyard, type Hookyard } from '../../src/index.ts';
import { eventually, type Look, PATIENCE_MS } from './eventually.ts';
import { ADMIN_KEY, type Api, apiOf, freshDirectory } from './hookyard.ts';
import { type MovedClock, movedClock } from './moved-clock.ts';
import { type Receiver, type ReceiverOptions, type Script, startReceiver } from './receiver.ts';

export interface TimedJourney {
  /** Speaks to the instance that runs now. */
  api: Api;
  /** A receiver that closes with the journey; it answers 200 unless told otherwise. */
  receiver(script?: Script, options?: ReceiverOptions): Promise<Receiver>;
  /** Lets time pass all at once, as when the machine was asleep, and waits until the worker has looked around. */
  leap(ms: number): Promise<void>;
  /** Lets time pass in steps of five seconds; the worker looks around after each. */
  pass(ms: number): Promise<void>;
  /** Lets time pass in steps of five seconds until there is something to see; `what` is named when it never comes. */
  passUntil<Seen>(what: string, look: Look<Seen>): Promise<Seen>;
  /** Stops the instance and starts it again over the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A worker that has not looked around for this long is not ready, so that being ready says that it has. */
const STALE_MS = 5000;

/** Opens an instance that may reach every receiver on this machine. */
export async function openTimedJourney(): Promise<TimedJourney> {
  const dataDirectory = freshDirectory();
  const world = movedClock();
  const receivers: Receiver[] = [];
  let running = await start(dataDirectory, world);
  const api: Api = (...call) => apiOf(running.url, ADMIN_KEY)(...call);
  async function leap(ms: number): Promise<void> {
    world.advance(ms);
    const look = async (saw: (instead: unknown) => void) => {
      const { status, data } = await api('GET', '/readyz');
      saw([status, data]);
      return status === 200 || null;
    };
    // Asked without a pause: an hour has hundreds of steps.
    await eventually('a round of the worker', look, PATIENCE_MS, async () => {});
  }
  async function pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= STALE_MS) await leap(Math.min(leftMs, STALE_MS));
  }
  return {
    api,
    leap,
    pass,
    passUntil: (what, look) => eventually(what, look, PATIENCE_MS, () => pass(STALE_MS)),
    async receiver(script, options) {
      const receiver = await startReceiver(options);
      if (script !== undefined) receiver.respond(script);
      receivers.push(receiver);
      return receiver;
    },
    async restart() {
      await running.hookyard.close();
      running = await start(dataDirectory, world);
    },
    async close() {
      // What still hangs is broken off, so that the instance has nothing to wait for.
      for (const receiver of receivers) await receiver.close();
      await running.hookyard.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

async function start(dataDirectory: string, world: MovedClock): Promise<{ hookyard: Hookyard; url: string }> {
  const addressPolicy = { allowHttp: false, allowHosts: ['127.0.0.1'], allowCidrs: [] };
  const options = { dataDirectory, apiKey: ADMIN_KEY, addressPolicy, logLevel: 'silent' };
  const started = await createHookyard(options, world);
  assert.ok(started.kind === 'started', JSON.stringify(started));
  const { url } = await started.hookyard.listen({ host: '127.0.0.1', port: 0 });
  return { hookyard: started.hookyard, url };
}
