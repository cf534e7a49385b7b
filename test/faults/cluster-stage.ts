/** What faults are injected into, and what all of them do. */
import { eventually } from '../support/eventually.ts';
import { shardsHeld } from './cluster-database.ts';
import { type ClusterGround, type ClusterNode, readyz } from './cluster-ground.ts';
import type { ClusterLoad } from './cluster-load.ts';
import type { ReceiverSetting } from './cluster-receivers.ts';
import type { FaultKind, Injected, Paused } from './cluster-seen.ts';
import { type ClusterSink, nowMs } from './cluster-sink.ts';
import type { Roll } from './roll.ts';

/** How long things last: a run that `npm test` waits for is shorter. */
export interface Pace {
  /** Undisturbed, after a fault. */
  restMs: number;
  /** A node that was killed stays away for up to this. */
  downMs: number;
  holderMs: number;
  readOnlyMs: number;
  pauseMs: number;
  troubleMs: number;
  /** What a failing receiver answers: 5xx opens its circuit, which then takes half a minute to close. */
  failure: number;
  /** A frozen node sleeps for this and up to `freezeMoreMs` longer. */
  freezeMs: number;
  freezeMoreMs: number;
  /** Whether it may be an owner of ordered lanes: those wait for a minute then. */
  freezesOrdered: boolean;
}

export interface Stage {
  ground: ClusterGround;
  sink: ClusterSink;
  load: ClusterLoad;
  roll: Roll;
  pace: Pace;
  receivers: readonly ReceiverSetting[];
  say(line: string): void;
  /** Id of each receiver's subscription. */
  ids: ReadonlyMap<string, string>;
  injected: Injected[];
  pauses: Paused[];
  missed: string[];
  readyzAway: Map<string, number>;
  /** What goes on beside the next faults. */
  beside: Promise<unknown>[];
}

/** Nodes that must be up before one more is taken away. */
const ENOUGH = 3;
const ENOUGH_TIMEOUT_MS = 60_000;
/** Long, as they cost only who fails. */
const BALANCE_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 60_000;
const SHARDS = 256;

/** Notes a fault from now on, until the returned function is called. */
export function begin(stage: Stage, kind: FaultKind, life: string | null = null): () => number {
  const fault: Injected = { kind, life, startMs: nowMs(), endMs: Number.POSITIVE_INFINITY };
  stage.injected.push(fault);
  return () => {
    fault.endMs = nowMs();
    return Math.round(fault.endMs - fault.startMs);
  };
}

/** One that answers, as soon as so many do; unless told, so many that one more may be taken away. */
export async function anyNode({ ground, roll }: Stage, enough = ENOUGH): Promise<ClusterNode> {
  return eventually(
    'enough nodes',
    () => {
      const living = ground.living();
      return living.length >= Math.min(enough, ground.nodes.length) ? living[Math.trunc(roll(living.length))] : null;
    },
    ENOUGH_TIMEOUT_MS,
  );
}

/** Starts a node; null, and noted, when it does not come up. */
export async function started({ ground, missed }: Stage, name: string): Promise<ClusterNode | null> {
  return ground.start(name).catch((error: unknown) => {
    missed.push(`${name} did not start: ${error}`);
    return null;
  });
}

/** Waits until each node that is there holds its share, and no more. */
export async function balanced({ ground, missed, say }: Stage, when: string): Promise<void> {
  const startedMs = nowMs();
  let held: readonly number[] = [];
  const look = async () => {
    const up = ground.nodes.filter(({ state }) => state !== 'down').length;
    held = await shardsHeld(ground.postgres.url).catch(() => []);
    const all = held.reduce((sum, count) => sum + count, 0);
    return (all === SHARDS && held.length === up && (held[0] ?? 0) <= Math.ceil(SHARDS / up)) || null;
  };
  const isBalanced = await eventually('balance', look, BALANCE_TIMEOUT_MS).catch(() => false);
  const tookMs = Math.round(nowMs() - startedMs);
  if (isBalanced) say(`shards balanced ${tookMs} ms ${when}: ${held.join(', ')}`);
  else missed.push(`shards are not balanced ${tookMs} ms ${when}: ${held.join(', ')}`);
}

/** Milliseconds until every node that lives says so. */
export async function allReady({ ground, missed }: Stage): Promise<number> {
  const startedMs = nowMs();
  const look = async () => {
    const said = await Promise.all(ground.living().map(readyz));
    return said.every((status) => status === 200) || null;
  };
  await eventually('all nodes to be ready', look, READY_TIMEOUT_MS).catch((error: unknown) => missed.push(`${error}`));
  return Math.round(nowMs() - startedMs);
}
