/**
 * The worker: leases shards, takes what is handed over or due, gives each subscription its fair turn, settles, and
 * drains. Decisions are in `core/`, single steps in its neighbours; this file is its clock.
 */

import type { LineupLimits } from '../core/fairness.ts';
import type { Dispatch, Hint } from '../ports.ts';
import { assemble } from './assembly.ts';
import { closeTurns } from './dropping.ts';
import { isFull } from './holding.ts';
import { configurationChanged, hear } from './incoming.ts';
import { wakeKeys } from './lane-keys.ts';
import { runLooks } from './lane-looks.ts';
import { closeEmpty, feed, lookAgain } from './lanes.ts';
import { writeHealth } from './moving.ts';
import type { Parts } from './parts.ts';
import * as receivers from './receivers.ts';
import { runTasks } from './tasks.ts';
import type { WorkerPorts } from './turns.ts';

export type { WorkerPorts };

export interface WorkerOptions {
  limits: LineupLimits;
}

const MIB = 1024 * 1024;

/** A short queue for each subscription always; longer ones while memory is spare. */
export const DEFAULT_LIMITS: LineupLimits = {
  perSubscription: 64,
  spare: 4096,
  maxQueuedBytes: 64 * MIB,
  maxInFlight: 1024,
  maxSlow: 1024,
  maxSockets: 2048,
  maxBytesInFlight: 64 * MIB,
  slowAfterMs: 1000,
};

/** The worker of a process. What is handed over to it concerns nobody else; `telling` tells the other processes. */
export interface Worker extends Dispatch {
  start(): Promise<void>;
  /** Finishes what is in flight, aborts what takes longer than `timeoutMs`, settles all and releases the leases. */
  drain(timeoutMs: number): Promise<void>;
  /** Monotonic time of the last complete round; null before the first. */
  lastBeatMs(): number | null;
  /** Whether what is put into a shard is this process's to send. */
  holds(shard: number): boolean;
  /** Takes what another process says: work is looked for at once, what was closed is not sent. */
  hear(hint: Hint): void;
  /** Monotonic time since when it is not known for sure which leases are left; null while it is. */
  doubtSinceMs(): number | null;
  /** How far the wall clock of this process is ahead of the store's; 0 where the store has none of its own. */
  skewMs(): number;
}

const TASK_EVERY_MS = 1000;
const HEALTH_EVERY_MS = 2000;
const DRAIN_LOOK_MS = 20;
const ABORT_WITHIN_MS = 1000;
const FLUSH_WITHIN_MS = 5000;

/** Makes the worker of this process. Nothing runs before `start`. */
export function createWorker(ports: WorkerPorts, options: WorkerOptions): Worker {
  const parts = assemble(ports, options, round);
  const { dispatch, leases, rounds } = parts;
  return {
    ...dispatch,
    async start() {
      await leases.start();
      await rounds.start();
      // After the first round: by then lanes that were found say when they were probed last.
      for (const tenant of ports.configuration.tenants()) configurationChanged(parts, tenant);
    },
    drain: (timeoutMs) => drain(parts, timeoutMs),
    lastBeatMs: () => parts.lastBeatMs,
    holds: (shard) => leases.isOurs(shard),
    hear: (hint) => hear(parts, hint),
    doubtSinceMs: () => leases.doubtSinceMs(),
    skewMs: () => leases.skewMs(),
  };
}

async function drain(parts: Parts, timeoutMs: number): Promise<void> {
  const { ports, turns, leases, rounds } = parts;
  rounds.stop();
  closeTurns(turns);
  leases.close();
  await Promise.all([parts.receivers.herald.stop(), parts.tasks]);
  await untilIdle(parts, timeoutMs);
  // What is still on its way ends as aborted, is settled as such and goes on after the restart.
  await ports.sender.close();
  await untilIdle(parts, ABORT_WITHIN_MS);
  // A store that stays away must not keep the process: what is not settled is sent again after the restart.
  await Promise.race([flush(parts), pause(ports, FLUSH_WITHIN_MS)]);
  await leases.stop();
}

async function flush(parts: Parts): Promise<void> {
  await writeHealth(parts, () => true);
  await parts.turns.settling.flush();
}

async function round(parts: Parts, isWhole: boolean): Promise<boolean> {
  const { ports, turns, lanes, looks, leases, hinted } = parts;
  const nowMs = ports.clock.monotonicMs();
  let more = false;
  try {
    const shards = leases.shards();
    const asked = isWhole ? shards : shards.filter((shard) => hinted.has(shard));
    hinted.clear();
    more = await read(parts, asked);
    wakeKeys(lanes);
    lookAgain(lanes);
    runLooks(looks);
    feed(lanes);
    if (nowMs >= parts.tasksAtMs) parts.tasks ??= work(parts, shards);
    if (nowMs >= parts.healthAtMs) {
      parts.healthAtMs = nowMs + HEALTH_EVERY_MS;
      void writeHealth(parts, () => true);
      closeEmpty(lanes);
      receivers.forget(parts.receivers);
    }
    parts.lastBeatMs = ports.clock.monotonicMs();
  } catch (error) {
    ports.log.error('worker.round_failed', { error });
  }
  ports.metrics.gauge('deliveries_in_flight', turns.lineup.inFlight);
  ports.metrics.gauge('deliveries_queued', turns.lineup.queued);
  ports.metrics.gauge('lanes_open', lanes.byId.size);
  ports.metrics.gauge('shards_held', leases.count());
  ports.metrics.gauge('sockets_open', ports.sender.sockets());
  return more;
}

/** Reads what is due, and what others put into lanes. True when there may be more at once. */
async function read({ turns, claims, news }: Parts, shards: readonly number[]): Promise<boolean> {
  // With memory full, what is due waits in the store.
  const due = isFull(turns) ? false : claims.read(shards);
  // Neither may be on its way still when the next round begins.
  const reads = await Promise.allSettled([due, news.read(shards)]);
  const failed = reads.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return reads.some((one) => one.status === 'fulfilled' && one.value);
}

/** Runs tasks beside the rounds, which must not wait for them. */
async function work(parts: Parts, shards: readonly number[]): Promise<void> {
  const { ports, told, rounds } = parts;
  let worked = false;
  try {
    worked = await runTasks({ ...ports, dispatch: told }, shards);
  } catch (error) {
    ports.log.error('worker.tasks_failed', { error });
  }
  parts.tasks = null;
  parts.tasksAtMs = worked ? 0 : ports.clock.monotonicMs() + TASK_EVERY_MS;
  if (worked) rounds.hint(0);
}

async function untilIdle({ turns, ports }: Parts, timeoutMs: number): Promise<void> {
  const untilMs = ports.clock.monotonicMs() + timeoutMs;
  while (turns.lineup.inFlight > 0 && ports.clock.monotonicMs() < untilMs) {
    await pause(ports, DRAIN_LOOK_MS);
  }
}

function pause({ clock }: Pick<WorkerPorts, 'clock'>, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
