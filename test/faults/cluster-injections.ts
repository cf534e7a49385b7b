/** What is done to the cluster while it works, each by its name; whatever was seen of it is said and noted. */
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { holdLocks, setReadOnly, shardsHeld } from './cluster-database.ts';
import { type ClusterGround, type ClusterNode, readyz } from './cluster-ground.ts';
import type { ClusterLoad } from './cluster-load.ts';
import { PAUSED, type ReceiverSetting } from './cluster-receivers.ts';
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

export type InjectionName = FaultKind | 'pause' | 'calm';

/** Nodes that must be up before one more is taken away. */
const ENOUGH = 3;
const ASK_TIMEOUT_MS = 15_000;
const BALANCE_TIMEOUT_MS = 25_000;
const READY_TIMEOUT_MS = 25_000;
const STORMS = 5;
const STORM_APART_MS = 200;
const SHARDS = 256;

export const INJECTIONS: Readonly<Record<InjectionName, (stage: Stage) => Promise<void>>> = {
  calm: async ({ pace }) => {
    await later(pace.restMs);
  },
  pause: pauseOne,
  kill: killOne,
  freeze: freezeOne,
  drain: drainOne,
  join: joinAndLeave,
  restart: restartPostgres,
  away: takePostgresAway,
  storm: endConnections,
  holder: holdLocksIdle,
  read_only: refuseWrites,
  trouble: troubleReceivers,
};

/** Notes a fault from now on, until the returned function is called. */
function begin(stage: Stage, kind: FaultKind, life: string | null = null): () => number {
  const fault: Injected = { kind, life, startMs: nowMs(), endMs: Number.POSITIVE_INFINITY };
  stage.injected.push(fault);
  return () => {
    fault.endMs = nowMs();
    return Math.round(fault.endMs - fault.startMs);
  };
}

async function anyNode({ ground, roll }: Stage): Promise<ClusterNode> {
  return eventually(
    'enough nodes',
    () => {
      const living = ground.living();
      return living.length >= Math.min(ENOUGH, ground.nodes.length) ? living[Math.trunc(roll(living.length))] : null;
    },
    60_000,
  );
}

async function killOne(stage: Stage): Promise<void> {
  const { ground, roll, pace, say } = stage;
  const node = await anyNode(stage);
  const end = begin(stage, 'kill', node.life);
  await ground.kill(node);
  end();
  const downMs = Math.round(roll(pace.downMs));
  say(`kill -9 of ${node.life}; it starts again after ${downMs} ms`);
  stage.beside.push(later(downMs).then(() => started(stage, node.name)));
  await later(pace.restMs);
}

async function started({ ground, missed }: Stage, name: string): Promise<ClusterNode | null> {
  return ground.start(name).catch((error: unknown) => {
    missed.push(`${name} did not start: ${error}`);
    return null;
  });
}

async function freezeOne(stage: Stage): Promise<void> {
  const { ground, roll, pace, say } = stage;
  const node = pace.freezesOrdered ? await anyNode(stage) : withoutOrdered(stage, await anyNode(stage));
  const end = begin(stage, 'freeze', node.life);
  ground.freeze(node);
  const forMs = pace.freezeMs + Math.round(roll(pace.freezeMoreMs));
  await later(forMs);
  ground.thaw(node);
  say(`SIGSTOP of ${node.life} for ${end()} ms`);
  await later(pace.restMs);
}

/** Of those that sent the least that is ordered lately, the one that sent to most of the steady receivers. */
function withoutOrdered({ ground, sink, receivers }: Stage, otherwise: ClusterNode): ClusterNode {
  const senderOf = ground.senders();
  const ownerOf = (name: string) => {
    const last = sink.arrivals.findLast(({ receiver }) => receiver === name);
    return last === undefined ? null : senderOf(last);
  };
  const owned = receivers.map(({ name, ordered, steady }) => ({ life: ownerOf(name), ordered, steady }));
  const has = (node: ClusterNode, what: 'ordered' | 'steady') =>
    owned.filter((one) => one.life === node.life && one[what]).length;
  const [best] = ground
    .living()
    .toSorted((a, b) => has(a, 'ordered') - has(b, 'ordered') || has(b, 'steady') - has(a, 'steady'));
  return best ?? otherwise;
}

async function drainOne(stage: Stage): Promise<void> {
  const { ground, missed, say } = stage;
  const node = await anyNode(stage);
  const end = begin(stage, 'drain', node.life);
  const { code } = await ground.drain(node);
  if (code !== 0) missed.push(`${node.life} ended with ${code} after SIGTERM`);
  say(`SIGTERM of ${node.life}: it ended with ${code} after ${end()} ms`);
  await started(stage, node.name);
  await balanced(stage, 'after a restart');
}

async function joinAndLeave(stage: Stage): Promise<void> {
  const { ground, pace, say, missed } = stage;
  const end = begin(stage, 'join');
  const node = await started(stage, 'joining');
  if (node === null) return;
  await balanced(stage, 'after one more joined');
  await later(pace.restMs);
  const { code } = await ground.drain(node);
  if (code !== 0) missed.push(`${node.life} ended with ${code} after SIGTERM`);
  end();
  say(`a node joined and left with ${code}`);
  await balanced(stage, 'after it left');
}

/** Waits until each node that is there holds its share, and no more. */
async function balanced({ ground, missed, say }: Stage, when: string): Promise<void> {
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

async function restartPostgres(stage: Stage): Promise<void> {
  const { ground, pace, say } = stage;
  const end = begin(stage, 'restart');
  await ground.postgres.restart('immediate');
  say(
    `immediate restart of PostgreSQL: up again after ${end()} ms, nodes ready after ${await allReady(stage)} ms more`,
  );
  await later(pace.restMs);
}

/** Milliseconds until every node that lives says so. */
async function allReady({ ground, missed }: Stage): Promise<number> {
  const startedMs = nowMs();
  const look = async () => {
    const said = await Promise.all(ground.living().map(readyz));
    return said.every((status) => status === 200) || null;
  };
  await eventually('all nodes to be ready', look, READY_TIMEOUT_MS).catch((error: unknown) => missed.push(`${error}`));
  return Math.round(nowMs() - startedMs);
}

async function takePostgresAway(stage: Stage): Promise<void> {
  const { ground, pace, say, readyzAway } = stage;
  const living = ground.living();
  const end = begin(stage, 'away');
  await ground.postgres.kill();
  const statuses = await Promise.all(living.map(untilUnready));
  for (const [at, { life }] of living.entries()) readyzAway.set(life, statuses[at] ?? 0);
  const sawMs = Math.round(nowMs() - (stage.injected.at(-1)?.startMs ?? 0));
  await ground.postgres.start();
  say(
    `kill -9 of PostgreSQL: /readyz said ${statuses.join(', ')} within ${sawMs} ms; up again after ${end()} ms, nodes ready after ${await allReady(stage)} ms more`,
  );
  await later(pace.restMs);
}

/** What it says as soon as that is 503, or the last it said. */
async function untilUnready(node: ClusterNode): Promise<number> {
  let status = 0;
  const look = async () => {
    status = await readyz(node);
    return status === 503 || null;
  };
  await eventually('a node not to be ready', look, 5000).catch(() => {});
  return status;
}

async function endConnections(stage: Stage): Promise<void> {
  const { ground, pace, say } = stage;
  const end = begin(stage, 'storm');
  const ended: number[] = [];
  for (let storm = 0; storm < STORMS; storm++) {
    ended.push(await ground.postgres.terminateAll('hookyard%'));
    await later(STORM_APART_MS);
  }
  end();
  say(`pg_terminate_backend of ${ended.join(', ')} connections; nodes ready after ${await allReady(stage)} ms`);
  await later(pace.restMs);
}

async function holdLocksIdle(stage: Stage): Promise<void> {
  const { ground, pace, say } = stage;
  const before = stage.load.accepted.size;
  const end = begin(stage, 'holder');
  const rows = await holdLocks(ground.postgres.url, () => later(pace.holderMs));
  const tookMs = end();
  const meanwhile = stage.load.accepted.size - before;
  say(`idle in transaction for ${tookMs} ms with the tenant and ${rows} rows locked: ${meanwhile} events acknowledged`);
  await later(pace.restMs);
}

async function refuseWrites(stage: Stage): Promise<void> {
  const { ground, pace, say } = stage;
  const end = begin(stage, 'read_only');
  await setReadOnly(ground.postgres.url, true);
  await later(pace.readOnlyMs);
  const said = await Promise.all(ground.living().map(readyz));
  await setReadOnly(ground.postgres.url, false);
  const tookMs = end();
  say(`read-only for ${tookMs} ms: /readyz said ${said.join(', ')}; nodes ready after ${await allReady(stage)} ms`);
  await later(pace.restMs);
}

async function troubleReceivers(stage: Stage): Promise<void> {
  const { sink, pace, say, receivers } = stage;
  const troubled = receivers.filter(({ trouble }) => trouble !== 'well');
  for (const { name, trouble } of troubled) sink.behave(name, trouble, pace.failure);
  const end = begin(stage, 'trouble');
  const over = later(pace.troubleMs).then(() => {
    for (const { name } of troubled) sink.behave(name, 'well', pace.failure);
    say(`one receiver hung and one answered ${pace.failure} for ${end()} ms`);
  });
  stage.beside.push(over);
}

/** Asks one node, and sees how soon all of them know. */
async function pauseOne(stage: Stage): Promise<void> {
  const { pauses, pace, say } = stage;
  const life = await ask(stage, 'pause');
  const answeredMs = nowMs();
  await later(pace.pauseMs);
  pauses.push({ receiver: PAUSED, answeredMs, resumeMs: nowMs() });
  say(`paused a subscription by ${life} for ${pace.pauseMs} ms`);
  await ask(stage, 'resume');
}

/** Asks until it is done: the database may take no writes, or the connection may have been closed when it was idle. */
async function ask(stage: Stage, what: 'pause' | 'resume'): Promise<string | null> {
  const path = `/api/v1/webhook-subscriptions/${stage.ids.get(PAUSED)}/${what}`;
  const look = async () => {
    const { life, api } = await anyNode(stage);
    const status = await api('POST', path).then(
      (answer) => answer.status,
      () => 0,
    );
    return status === 200 ? life : null;
  };
  return eventually(what, look, ASK_TIMEOUT_MS).catch((error: unknown) => {
    stage.missed.push(`${error}`);
    return null;
  });
}
