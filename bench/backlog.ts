/** B5: what a dead receiver with a long backlog does to a restart, to memory, to lists and to the other receivers. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { median, medianOf, megabytes, type Print, span, table, whole } from './figures.ts';
import { runPairs, type State } from './pairs.ts';
import { plant, type Receiver, receivers, requestsFor, withHookyardOn } from './prepared.ts';
import type { Backlog } from './seed.ts';
import { observe, type Seen, type Stretch } from './stream.ts';
import type { HookyardSubject } from './subject.ts';
import { peakResidentBytes, residentBytes } from './usage.ts';
import { withDirectory, type Yard } from './yard.ts';

export interface BacklogOptions extends Stretch {
  rounds: number;
  connections: number;
  /** Open deliveries of the dead receiver. */
  backlog: number;
  /** Of the closed loop's rate, for the open loop. */
  share: number;
}

/** One state's directory and what its starts showed. */
interface Plant {
  directory: string;
  all: readonly Receiver[];
  /** Subscription of the dead receiver. */
  deadId: string;
  readyMs: number[];
  readyBytes: (number | null)[];
  peakBytes: (number | null)[];
  pageMs: number[];
}

const HEALTHY = 'healthy';
const HEALTHY_RECEIVERS = 10;
const PAGES = 5;
const READY_LOOK_MS = 10;

/** Measures and prints; returns how many events for healthy receivers were lost. */
export function runBacklog(yard: Yard, options: BacklogOptions, print: Print): Promise<number> {
  const { backlog, rounds, windowMs } = options;
  print(`B5  a receiver that refuses connections, with ${whole(backlog)} open deliveries (calm: with none)\n`);
  print(
    '    The backlog is written through the store before the first start, as deliveries held by an open circuit.\n',
  );
  print(`    figures of ${HEALTHY_RECEIVERS} healthy receivers, median of ${rounds} rounds of ${windowMs / 1000} s;`);
  print(' goal: within 1.1 ×, memory < 300 MB, page ≤ 50 ms\n');
  return withDirectory((calm) =>
    withDirectory(async (troubled) => {
      const deadPort = await refusingPort();
      const plants: Record<State, Plant> = {
        calm: await prepare(yard, calm, deadPort, null, print),
        troubled: await prepare(yard, troubled, deadPort, { subscription: 0, events: backlog }, print),
      };
      const look = (state: State, perSecond: number | null) => lookAt(yard, options, plants[state], perSecond);
      const lost = await runPairs(look, options, print);
      print(`${starts(plants)}\n`);
      return lost;
    }),
  );
}

/** A port of 127.0.0.1 on which nobody listens. */
function refusingPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function prepare(
  yard: Yard,
  directory: string,
  port: number,
  backlog: Backlog | null,
  print: Print,
): Promise<Plant> {
  const all = [...receivers('dead', 1, { port }), ...receivers(HEALTHY, HEALTHY_RECEIVERS)];
  const { subscriptionIds, tookMs } = await plant(directory, yard, all, { backlog });
  if (backlog !== null) print(`    written in ${whole(tookMs / 1000)} s\n`);
  const [deadId = ''] = subscriptionIds;
  return { directory, all, deadId, readyMs: [], readyBytes: [], peakBytes: [], pageMs: [] };
}

/** The dead receiver gets its share of new events in both states. */
function lookAt(yard: Yard, options: BacklogOptions, plant: Plant, perSecond: number | null): Promise<Seen> {
  const { connections, warmUpMs, windowMs } = options;
  const startedMs = performance.now();
  return withHookyardOn(plant.directory, yard, plant.all, async (subject) => {
    await untilReady(subject);
    plant.readyMs.push(performance.now() - startedMs);
    plant.readyBytes.push(residentBytes(subject.pid));
    const stream = { ports: [subject.port], connections, perSecond, requests: requestsFor(subject, plant.all) };
    const seen = await observe(yard, stream, HEALTHY, { warmUpMs, windowMs });
    for (let n = 0; n < PAGES; n++) plant.pageMs.push(await firstPageMs(subject, plant.deadId));
    plant.peakBytes.push(peakResidentBytes(subject.pid));
    return seen;
  });
}

async function untilReady({ url }: HookyardSubject): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`);
    await answer.arrayBuffer();
    if (answer.ok) return;
    await pause(READY_LOOK_MS);
  }
}

async function firstPageMs({ url, apiKey }: HookyardSubject, subscriptionId: string): Promise<number> {
  const fromMs = performance.now();
  const answer = await fetch(`${url}/api/v1/webhook-subscriptions/${subscriptionId}/deliveries`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the list was answered ${answer.status}: ${text}`);
  return performance.now() - fromMs;
}

function starts(plants: Record<State, Plant>): string {
  const head = ['', 'start to ready, ms', 'min–max', 'ready, MB', 'peak under load, MB', 'first page, ms', 'min–max'];
  const row = (state: State) => {
    const { readyMs, readyBytes, peakBytes, pageMs } = plants[state];
    return [
      state,
      whole(median(readyMs)),
      span(readyMs, whole),
      medianOf(readyBytes, megabytes),
      medianOf(peakBytes, megabytes),
      whole(median(pageMs)),
      span(pageMs, whole),
    ];
  };
  return table([head, row('calm'), row('troubled')]);
}
