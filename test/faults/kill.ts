/** kill -9 at random moments under load, start again, go on; in the end the ledger is compared. */
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { allDeliveries, attemptsOf, type DeliveryShown, subscribe } from '../support/journey.ts';
import { type Ground, openGround } from './ground.ts';
import { startLoad } from './load.ts';
import { seededRoll } from './roll.ts';
import { type Sink, startSink } from './sink.ts';
import { judge, type Verdict } from './verdict.ts';

export interface KillOptions {
  times: number;
  seed: number;
  /** Told about each kill. */
  say(line: string): void;
}

const PUBLISHERS = 8;
const LONGEST_LIFE_MS = 700;
const SETTLE_TIMEOUT_MS = 60_000;

/** Injects the kills and says what became of every event. */
export async function injectKills({ times, seed, say }: KillOptions): Promise<Verdict> {
  const ground = await openGround();
  const sink = await startSink();
  const roll = seededRoll(seed);
  const readyMs: number[] = [];
  let url: string | null = ground.up().url;
  let bornMs = Date.now();
  try {
    await subscribe(ground.up(), sink.url, {
      authType: 'signature',
      signatureSecret: 'the secret of the kill fault',
      maxConcurrency: 16,
      retryPolicy: { maxRetries: 20, backoffType: 'fixed', backoffSeconds: 0.2 },
    });
    const load = startLoad(PUBLISHERS, () => url);
    for (let kill = 1; kill <= times; kill++) {
      await later(roll(LONGEST_LIFE_MS));
      // What is on its way at three ends in a row is isolated, and on a slow machine nothing else may get done in a life.
      if (kill % 2 === 0) await settledSince(ground, bornMs);
      url = null;
      await ground.kill();
      bornMs = Date.now();
      readyMs.push(await ground.restart());
      url = ground.up().url;
      say(`kill ${kill} of ${times}: ready again after ${readyMs.at(-1)} ms, ${load.accepted.size} accepted so far`);
    }
    await load.finish();
    const deliveries = await settled(ground, sink, load.accepted);
    const { accepted } = load;
    const attempts = await attemptsOfSuspects(ground, deliveries, sink);
    const { arrived } = sink;
    const requestsCut = load.cut();
    return judge({ seed, kills: times, accepted, arrived, deliveries, attempts, requestsCut, readyMs });
  } finally {
    await ground.close();
    await sink.close();
  }
}

/** Waits until nothing is open any more, or for as long as is reasonable; then whatever there is. */
async function settled(
  ground: Ground,
  sink: Sink,
  accepted: ReadonlyMap<number, string>,
): Promise<readonly DeliveryShown[]> {
  const isSettled = async () => {
    const { data } = await ground.up().api<DeliveryShown[]>('GET', '/api/v1/deliveries?status=undelivered&limit=200');
    return (sink.arrived.size >= accepted.size && data.every(({ closedAt }) => closedAt !== null)) || null;
  };
  await eventually('everything to be settled', isSettled, SETTLE_TIMEOUT_MS).catch(() => null);
  return allDeliveries(ground.up());
}

/** Waits until what was left open by the lives before this one is closed. */
async function settledSince(ground: Ground, bornMs: number): Promise<void> {
  const left = `/api/v1/deliveries?status=undelivered&limit=200&until=${new Date(bornMs).toISOString()}`;
  const isSettled = async () => {
    const { data } = await ground.up().api<DeliveryShown[]>('GET', left);
    return data.every(({ closedAt }) => closedAt !== null) || null;
  };
  await eventually('the rest of the life before', isSettled, SETTLE_TIMEOUT_MS);
}

async function attemptsOfSuspects(ground: Ground, deliveries: readonly DeliveryShown[], { arrived }: Sink) {
  const suspects = deliveries.filter(({ id, attempts }) => attempts !== 1 || arrived.get(id)?.tries.length !== 1);
  const made = new Map<string, Awaited<ReturnType<typeof attemptsOf>>>();
  for (const { id } of suspects) made.set(id, await attemptsOf(ground.up(), id));
  return made;
}
