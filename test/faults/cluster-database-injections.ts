/** What is done to PostgreSQL, and to the connections to it, under the nodes. */
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { holdLocks, setReadOnly } from './cluster-database.ts';
import { type ClusterNode, readyz } from './cluster-ground.ts';
import { nowMs } from './cluster-sink.ts';
import { allReady, begin, type Stage } from './cluster-stage.ts';

const STORMS = 5;
const STORM_APART_MS = 200;
/** Long, as it costs only who fails. */
const UNREADY_TIMEOUT_MS = 30_000;

/** As after a loss of power. */
export async function restartPostgres(stage: Stage): Promise<void> {
  const { ground, pace, say } = stage;
  const end = begin(stage, 'restart');
  await ground.postgres.restart('immediate');
  say(
    `immediate restart of PostgreSQL: up again after ${end()} ms, nodes ready after ${await allReady(stage)} ms more`,
  );
  await later(pace.restMs);
}

/** Until every node has said that it is not ready. */
export async function takePostgresAway(stage: Stage): Promise<void> {
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
  await eventually('a node not to be ready', look, UNREADY_TIMEOUT_MS).catch(() => {});
  return status;
}

/** All connections of all nodes, again and again. */
export async function endConnections(stage: Stage): Promise<void> {
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

/** A session that is idle in a transaction in which it locked what nodes need. */
export async function holdLocksIdle(stage: Stage): Promise<void> {
  const { ground, pace, say } = stage;
  const before = stage.load.accepted.size;
  const end = begin(stage, 'holder');
  const rows = await holdLocks(ground.postgres.url, () => later(pace.holderMs));
  const tookMs = end();
  const meanwhile = stage.load.accepted.size - before;
  say(`idle in transaction for ${tookMs} ms with the tenant and ${rows} rows locked: ${meanwhile} events acknowledged`);
  await later(pace.restMs);
}

/** For a while nothing can be written. */
export async function refuseWrites(stage: Stage): Promise<void> {
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
