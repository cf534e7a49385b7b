/** Processes of Hookyard on one fresh PostgreSQL that has receivers and a past. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type MeasuredPostgres, withPostgres } from './postgres.ts';
import { type Past, plant, type Receiver } from './prepared.ts';
import { rest } from './rest.ts';
import { type Counter, withCounter } from './server-counts.ts';
import { freshApiKey, type HookyardSubject, type SubjectOptions, startHookyard } from './subject.ts';
import { RECEIVER_CONNECTIONS, withDirectory, type Yard } from './yard.ts';

export interface Cluster {
  nodes: readonly HookyardSubject[];
  counter: Counter;
  /** How long it took to write receivers and past. */
  plantedMs: number;
}

const LOOK_MS = 100;

/** Runs `work` with so many processes, each with its share of the shards, and stops them. */
export function withCluster<Result>(
  yard: Yard,
  nodes: number,
  { receivers, past }: { receivers: readonly Receiver[]; past: Past },
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  return withPostgres((postgres) =>
    withDirectory(async (directory) => {
      const { tookMs } = await plant(directory, yard, receivers, { ...past, databaseUrl: postgres.url });
      return withCounter(postgres, (counter) =>
        withNodes(optionsOf(yard, nodes, directory, postgres), async (started) => {
          await untilShared(counter, nodes);
          return work({ nodes: started, counter, plantedMs: tookMs });
        }),
      );
    }),
  );
}

/** All have the keyring that the database was planted with, and one key. */
function optionsOf(
  { receiverPort }: Yard,
  nodes: number,
  directory: string,
  postgres: MeasuredPostgres,
): SubjectOptions[] {
  const shared = { apiKey: freshApiKey(), keyringPath: join(directory, 'keyring.json') };
  return Array.from({ length: nodes }, (_, nth) => {
    const dataDirectory = join(directory, `node-${nth}`);
    mkdirSync(dataDirectory);
    return { receiverPort, dataDirectory, connections: RECEIVER_CONNECTIONS, postgres, shared };
  });
}

async function withNodes<Result>(
  options: readonly SubjectOptions[],
  work: (nodes: readonly HookyardSubject[]) => Promise<Result>,
): Promise<Result> {
  const nodes: HookyardSubject[] = [];
  try {
    for (const one of options) nodes.push(await startHookyard(one));
    return await work(nodes);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

/** Waits until as many hold shards as there are nodes, none more than its share; where they do not share, not for ever. */
async function untilShared(counter: Counter, nodes: number): Promise<void> {
  const look = async () => {
    const held = await counter.holdings();
    const all = held.reduce((sum, count) => sum + count, 0);
    const [most = 0] = held;
    return { shared: Number(held.length === nodes && most <= Math.ceil(all / nodes)) };
  };
  await rest(1, look, LOOK_MS);
}
