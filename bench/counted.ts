/** A stream through a cluster for one window, from rest to rest, with everything counted that it cost. */
import { setTimeout as pause } from 'node:timers/promises';
import { firstIdAt } from '../src/core/ids.ts';
import type { Cluster } from './cluster.ts';
import { type Cost, costOf, detailText, type Spent } from './cost.ts';
import { NUMBERED, numberedStream } from './numbered.ts';
import { rest } from './rest.ts';
import type { Reading } from './server-counts.ts';
import { statementNames } from './statement-names.ts';
import { type Ledger, observe, type Seen, type Stretch } from './stream.ts';
import { cpuOf } from './usage.ts';
import type { Yard } from './yard.ts';

/** One window. */
export interface Counted {
  seen: Seen;
  spent: Spent;
  cost: Cost;
  from: Reading;
  to: Reading;
}

/** The windows of one cluster, in a closed loop and at a steady rate. */
export interface BothLoops {
  closed: readonly Counted[];
  paced: readonly Counted[];
}

export interface CountedOptions extends Stretch {
  rounds: number;
  connections: number;
  /** Of the steady rate. */
  perSecond: number;
}

const LOOK_MS = 50;

/** All windows of a cluster. */
export async function countBoth(
  yard: Yard,
  cluster: Cluster,
  subscriptions: number,
  options: CountedOptions,
): Promise<BothLoops> {
  const windows = async (perSecond: number | null) => {
    const counted: Counted[] = [];
    for (let n = 0; n < options.rounds; n++) {
      counted.push(await countWindow(yard, cluster, subscriptions, { ...options, perSecond }));
    }
    return counted;
  };
  return { closed: await windows(null), paced: await windows(options.perSecond) };
}

/** Sends for a window and counts until all of it is delivered and settled; `perSecond` null is a closed loop. */
export async function countWindow(
  yard: Yard,
  cluster: Cluster,
  subscriptions: number,
  { warmUpMs, windowMs, connections, perSecond }: Stretch & { connections: number; perSecond: number | null },
): Promise<Counted> {
  const stream = numberedStream(cluster, subscriptions, { connections, perSecond });
  if (warmUpMs > 0) await observe(yard, stream, NUMBERED, { warmUpMs: 0, windowMs: warmUpMs });
  await untilSettled(cluster);
  const since = firstIdAt(Date.now());
  const [from, nodesFrom] = [await cluster.counter.read(), await nodesUse(cluster)];
  const seen = await observe(yard, stream, NUMBERED, { warmUpMs: 0, windowMs });
  await untilSettled(cluster);
  const [nodesTo, to] = [await nodesUse(cluster), await cluster.counter.read()];
  const deliveries = await cluster.counter.recordedFrom(since);
  const server = await cluster.counter.use(from, to);
  const nodesCpuMs = nodesFrom.cpuMs === null || nodesTo.cpuMs === null ? null : nodesTo.cpuMs - nodesFrom.cpuMs;
  const spent = { deliveries, server, nodesCpuMs, framing: nodesTo.framing - nodesFrom.framing };
  return { seen: { ...seen, ledger: recordedToo(seen.ledger, deliveries) }, spent, cost: costOf(spent), from, to };
}

/** Which statements and tables a window went to. */
export async function detailsOf({ counter }: Cluster, { spent, from, to }: Counted): Promise<string> {
  return detailText(spent, await counter.shares(from, to), statementNames());
}

/** Statements per second of a cluster that has nothing to do. */
export async function statementsAtRest(cluster: Cluster, forMs: number): Promise<number> {
  const { counter } = cluster;
  const [from, nodesFrom, fromMs] = [await counter.read(), await nodesUse(cluster), performance.now()];
  await pause(forMs);
  const [to, nodesTo, toMs] = [await counter.read(), await nodesUse(cluster), performance.now()];
  const { statements } = await counter.use(from, to);
  const framing = nodesTo.framing - nodesFrom.framing;
  return (statements.reduce((sum, { calls }) => sum + calls, framing) / (toMs - fromMs)) * 1000;
}

/** What was delivered and never recorded is lost too. */
export function recordedToo({ accepted, arrived }: Ledger, recorded: number): Ledger {
  return { accepted, arrived, lost: Math.max(0, accepted - Math.min(arrived, recorded)) };
}

async function untilSettled({ counter }: Cluster): Promise<void> {
  const { settled } = await rest(0, async () => ({ settled: -(await counter.due()) }), LOOK_MS);
  if (settled < 0) throw new Error(`${-settled} deliveries were never settled`);
}

/** Of all processes of a cluster so far. */
async function nodesUse({ nodes }: Cluster): Promise<{ cpuMs: number | null; framing: number }> {
  const framing = await Promise.all(nodes.map((node) => node.framing()));
  const cpu = nodes.map(({ pid }) => cpuOf(pid)?.processMs ?? null);
  return {
    cpuMs: cpu.reduce<number | null>((sum, ms) => (sum === null || ms === null ? null : sum + ms), 0),
    framing: framing.reduce((sum, count) => sum + count, 0),
  };
}
