/** What is done to the cluster while it works, each by its name; whatever was seen of it is said and noted. */
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import {
  endConnections,
  holdLocksIdle,
  refuseWrites,
  restartPostgres,
  takePostgresAway,
} from './cluster-database-injections.ts';
import type { ClusterNode } from './cluster-ground.ts';
import { PAUSED } from './cluster-receivers.ts';
import type { FaultKind } from './cluster-seen.ts';
import { nowMs } from './cluster-sink.ts';
import { anyNode, balanced, begin, type Stage, started } from './cluster-stage.ts';

export type InjectionName = FaultKind | 'pause' | 'calm';

const ASK_TIMEOUT_MS = 60_000;

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
    const { life, api } = await anyNode(stage, 1);
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
