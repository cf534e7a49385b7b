/**
 * The worker: leases shards, takes what is handed over or due, gives each subscription its fair turn, settles, and
 * drains. Decisions are in `core/`, single steps in its neighbours; this file only ties them together.
 */
import type { LineupLimits } from '../core/fairness.ts';
import { idAt } from '../core/ids.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import type { Dispatch, Handover, SettleOutcome } from '../ports.ts';
import { type Claims, createClaims } from './claims.ts';
import type { Item } from './item.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createLeases, type Leases } from './leases.ts';
import { createRounds, type Rounds } from './rounds.ts';
import { runTasks } from './tasks.ts';
import type { Turn } from './tries.ts';
import {
  closeTurns,
  createTurns,
  enqueue,
  laneRoom,
  type Turns,
  type WorkerPorts,
  withdraw,
  writeHealth,
} from './turns.ts';

export type { WorkerPorts };

export interface WorkerOptions {
  limits: LineupLimits;
  /** Called when a receiver says it is gone and its profile lets that switch the subscription off. */
  gone: (subscription: LiveSubscription) => Promise<void>;
}

/** A short queue for each subscription always; longer ones while memory is spare. */
export const DEFAULT_LIMITS: LineupLimits = { perSubscription: 64, spare: 4096, maxInFlight: 1024 };

export interface Worker extends Dispatch {
  start(): Promise<void>;
  /** Finishes what is in flight, aborts what takes longer than `timeoutMs`, settles all and releases the leases. */
  drain(timeoutMs: number): Promise<void>;
  /** Monotonic time of the last complete round; null before the first. */
  lastBeatMs(): number | null;
}

interface Parts {
  ports: WorkerPorts;
  turns: Turns;
  claims: Claims;
  lanes: Lanes;
  leases: Leases;
  rounds: Rounds;
  lastBeatMs: number | null;
  tasksAtMs: number;
  healthAtMs: number;
}

const TASK_EVERY_MS = 1000;
const HEALTH_EVERY_MS = 2000;
const DRAIN_LOOK_MS = 20;
const ABORT_WITHIN_MS = 1000;
const FLUSH_WITHIN_MS = 5000;

/** Makes the worker of this process. Nothing runs before `start`. */
export function createWorker(ports: WorkerPorts, options: WorkerOptions): Worker {
  const parts = assemble(ports, options);
  const { leases, lanes, rounds, turns } = parts;
  return {
    offer: (handover) => offer(parts, handover),
    withdraw: (deliveryId) => withdraw(turns, deliveryId),
    configurationChanged() {
      lanes.feed();
      // A deletion leaves a task behind.
      parts.tasksAtMs = 0;
      rounds.hint(0);
    },
    async start() {
      await leases.start();
      await rounds.start();
    },
    async drain(timeoutMs) {
      rounds.stop();
      closeTurns(turns);
      await untilIdle(parts, timeoutMs);
      // What is still on its way ends as aborted, is settled as such and goes on after the restart.
      await ports.sender.close();
      await untilIdle(parts, ABORT_WITHIN_MS);
      writeHealth(turns);
      // A store that stays away must not keep the process: what is not settled is sent again after the restart.
      await Promise.race([turns.settling.flush(), pause(ports, FLUSH_WITHIN_MS)]);
      await leases.stop();
    },
    lastBeatMs: () => parts.lastBeatMs,
  };
}

function assemble(ports: WorkerPorts, options: WorkerOptions): Parts {
  const turns = createTurns(ports, options.limits, {
    safe: (shard) => parts.leases.safe(shard),
    gone: options.gone,
    left: (item, turn, outcome) => left(parts, item, turn, outcome),
  });
  const known = (deliveryId: string) => turns.known.has(deliveryId);
  const accept = (item: Item) => enqueue(turns, item);
  const claims = createClaims(ports, known, accept);
  const lanes = createLanes(ports, { room: (id) => laneRoom(turns, id), known, accept });
  const leases = createLeases(ports, idAt(ports.clock.nowMs(), ports.random.bytes(16)), (lease) => {
    claims.taken(lease);
    lanes.taken(lease);
  });
  const rounds = createRounds(ports, () => round(parts));
  const parts: Parts = { ports, turns, claims, lanes, leases, rounds, lastBeatMs: null, tasksAtMs: 0, healthAtMs: 0 };
  return parts;
}

function offer(parts: Parts, { event, tickets }: Handover): void {
  for (const ticket of tickets) {
    if (ticket.place.kind === 'lane') parts.lanes.parked(ticket.subscriptionId, ticket.place.shard);
    else if (parts.leases.safe(ticket.place.shard)) enqueue(parts.turns, { ticket, event, mayRepeat: false });
  }
}

function left(parts: Parts, { ticket }: Item, turn: Turn | null, outcome: SettleOutcome | null): void {
  parts.claims.settled(ticket.deliveryId);
  if (ticket.place.kind === 'lane') parts.lanes.settled(ticket.subscriptionId);
  if (outcome?.kind === 'settled' && outcome.ticket?.place.kind === 'lane') {
    parts.lanes.parked(ticket.subscriptionId, ticket.place.shard);
  }
  if (turn?.settlement.next.kind === 'retry') parts.rounds.hint(turn.settlement.next.delayMs);
  parts.lanes.feed();
}

async function round(parts: Parts): Promise<boolean> {
  const { ports, turns, claims, lanes, leases } = parts;
  const nowMs = ports.clock.monotonicMs();
  let more = false;
  try {
    const shards = leases.shards();
    // With memory full, what is due waits in the store.
    if (turns.lineup.queued < turns.limits.spare) more = await claims.read(shards);
    lanes.feed();
    if (nowMs >= parts.tasksAtMs) {
      const worked = await runTasks(ports, shards, (handover) => offer(parts, handover));
      parts.tasksAtMs = worked ? 0 : nowMs + TASK_EVERY_MS;
      more ||= worked;
    }
    if (nowMs >= parts.healthAtMs) {
      parts.healthAtMs = nowMs + HEALTH_EVERY_MS;
      writeHealth(turns);
    }
    parts.lastBeatMs = ports.clock.monotonicMs();
  } catch (error) {
    ports.log.error('worker.round_failed', { error });
  }
  ports.metrics.gauge('deliveries_in_flight', turns.lineup.inFlight);
  ports.metrics.gauge('deliveries_queued', turns.lineup.queued);
  ports.metrics.gauge('sockets_open', ports.sender.sockets());
  return more;
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
