/** Hookyard on a data directory with receivers, keys and a past of its own. */
import { DEFAULT_TENANT, type Id } from '../src/core/ids.ts';
import { startChild } from './child.ts';
import { publishRequest, stampedBody } from './event.ts';
import type { GroupedRequest } from './load.ts';
import type { Plot, Seeded, Seeder, SeedSubscription } from './seed.ts';
import { type HookyardSubject, startHookyard } from './subject.ts';
import { withDirectory, type Yard } from './yard.ts';

/** One subscription that wants one event type of its own. */
export interface Receiver {
  /** The group it is counted in, at the sink and at the load. */
  group: string;
  /** `bench.r17`. */
  eventType: string;
  tenant?: Id;
  /** Of 127.0.0.1; the sink's unless told. */
  port?: number;
  timeoutMs?: number;
  maxConcurrency?: number;
}

/** What an installation has besides its receivers. */
export type Past = Partial<Pick<Plot, 'keys' | 'backlog' | 'databaseUrl'>>;

const TIMEOUT_MS = 15_000;
/** What a subscription gets that says nothing of it. */
const CONCURRENCY = 8;

/** `count` receivers of one group. */
export function receivers(group: string, count: number, rest: Omit<Receiver, 'group' | 'eventType'> = {}): Receiver[] {
  return Array.from({ length: count }, (_, nth) => ({ group, eventType: `bench.${group}${nth}`, ...rest }));
}

/** Writes receivers and past into a directory on which no Hookyard runs. */
export async function plant(
  dataDirectory: string,
  yard: Yard,
  all: readonly Receiver[],
  { keys = [], backlog = null, ...elsewhere }: Past = {},
): Promise<Seeded> {
  const seeder = startChild<Seeder>(new URL('./seed.ts', import.meta.url));
  try {
    const subscriptions = all.map((receiver, nth) => seedOf(receiver, nth, yard));
    return await seeder.ask('seed', { dataDirectory, ...elsewhere, keys, subscriptions, backlog });
  } finally {
    seeder.end();
  }
}

function seedOf(receiver: Receiver, nth: number, { receiverPort }: Yard): SeedSubscription {
  const { group, eventType, port = receiverPort, tenant = DEFAULT_TENANT } = receiver;
  const { timeoutMs = TIMEOUT_MS, maxConcurrency = CONCURRENCY } = receiver;
  return { tenant, url: `http://127.0.0.1:${port}/${group}/${nth}`, eventType, timeoutMs, maxConcurrency };
}

/** Runs `work` with Hookyard on a planted directory and stops it; hanging receivers hang up first. */
export async function withHookyardOn<Result>(
  dataDirectory: string,
  yard: Yard,
  all: readonly Receiver[],
  work: (subject: HookyardSubject) => Promise<Result>,
): Promise<Result> {
  const { receiverPort } = yard;
  const otherPorts = [...new Set(all.flatMap(({ port }) => port ?? []))];
  const subject = await startHookyard({ receiverPort, dataDirectory, connections: CONCURRENCY, otherPorts });
  try {
    return await work(subject);
  } finally {
    await yard.sink.ask('reset');
    await subject.stop();
  }
}

/** The same on a directory that is made for it and goes with it. */
export function withPrepared<Result>(
  yard: Yard,
  all: readonly Receiver[],
  work: (subject: HookyardSubject) => Promise<Result>,
  past: Past = {},
): Promise<Result> {
  return withDirectory(async (directory) => {
    await plant(directory, yard, all, past);
    return withHookyardOn(directory, yard, all, work);
  });
}

/** One publishing request per receiver; `apiKey` is the first tenant's unless told. */
export function requestsFor(
  { url, apiKey }: Pick<HookyardSubject, 'url' | 'apiKey'>,
  all: readonly Receiver[],
): GroupedRequest[] {
  return all.map(({ group, eventType }) => ({
    group,
    request: publishRequest(url, apiKey, stampedBody(eventType)).toString('latin1'),
  }));
}
