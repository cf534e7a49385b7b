/**
 * The worker: leases shards, takes what is handed over or due, gives each subscription its fair turn, settles, and
 * drains. Decisions are in `core/`, single steps in its neighbours; this file only ties them together.
 */

import type { LineupLimits } from '../core/fairness.ts';
import { idAt } from '../core/ids.ts';
import { ageMs } from '../flows/deliver.ts';
import type { Dispatch, Handover, Settlement, SettleOutcome, Tickets } from '../ports.ts';
import { type Claims, createClaims } from './claims.ts';
import { caughtUp, isFull, isHeld, laneRoom, mostInMemory } from './holding.ts';
import type { Item } from './item.ts';
import { type Lanes, touch } from './lane.ts';
import { wakeKeys, withdrawn } from './lane-keys.ts';
import { createLooks, type LookRules, type Looks, lookAt, runLooks } from './lane-looks.ts';
import { closeEmpty, createLanes, feed, isWaiting, left as laneLeft, leaseTaken, lookAgain, parked } from './lanes.ts';
import { createLeases, type Leases } from './leases.ts';
import * as receivers from './receivers.ts';
import { createRounds, type Rounds } from './rounds.ts';
import { closeTurns, enqueue, settleUnqueued, withdraw, writeHealth } from './steps.ts';
import { runTasks } from './tasks.ts';
import { decideTurn } from './turn-decision.ts';
import { createTurns, type Turns, type WorkerPorts } from './turns.ts';

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
  looks: Looks;
  receivers: receivers.Receivers;
  leases: Leases;
  rounds: Rounds;
  dispatch: Dispatch;
  lastBeatMs: number | null;
  /** Tasks that are running. */
  tasks: Promise<void> | null;
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
  const dispatch: Dispatch = {
    offer: (handover) => offer(parts, handover),
    withdraw: (deliveryId) => {
      withdraw(parts.turns, deliveryId);
      withdrawn(parts.lanes, deliveryId);
    },
    hold: (id) => holdOf(parts, id),
    configurationChanged: (tenant) => configurationChanged(parts, tenant),
  };
  const parts = assemble(ports, dispatch, options);
  const { leases, rounds, turns } = parts;
  return {
    ...dispatch,
    async start() {
      await leases.start();
      await rounds.start();
      // After the first round: by then lanes that were found say when they were probed last.
      for (const tenant of ports.configuration.tenants()) configurationChanged(parts, tenant);
    },
    async drain(timeoutMs) {
      rounds.stop();
      closeTurns(turns);
      await Promise.all([parts.receivers.herald.stop(), parts.tasks]);
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

function assemble(ports: WorkerPorts, dispatch: Dispatch, options: WorkerOptions): Parts {
  const turns = createTurns(ports, options.limits, {
    safe: (shard) => parts.leases.safe(shard),
    tried: (subscription, item, turn, turned) => receivers.afterTry(parts.receivers, subscription, item, turn, turned),
    counted: (subscription) => receivers.afterCount(parts.receivers, subscription),
    left: (item, settlement, outcome) => left(parts, item, settlement, outcome),
  });
  const known = (deliveryId: string) => turns.known.has(deliveryId);
  const accept = (item: Item) => enqueue(turns, item);
  const ready = (events: Tickets['events']) => configured(parts, events);
  const claims = createClaims(ports, known, accept, ready);
  const lanes = createLanes(ports, {
    room: (id) => laneRoom(turns, id),
    mostInMemory: (id) => mostInMemory(turns, id),
    safe: (shard) => parts.leases.safe(shard),
    isHeld: (id) => isHeld(turns, id),
    full: () => isFull(turns),
    known,
    accept,
    ready,
    emptied: (id) => caughtUp(turns, id),
    keeps: (id) => receivers.keepsLane(parts.receivers, id),
    restored: (state) => receivers.restored(parts.receivers, state),
  });
  const looks = createLooks(
    lanes,
    lookRules(() => parts),
  );
  const leases = createLeases(ports, idAt(ports.clock.nowMs(), ports.random.bytes(16)), (lease) => {
    claims.taken(lease);
    leaseTaken(lanes, lease);
  });
  const rounds = createRounds(ports, () => round(parts));
  const parts: Parts = {
    ports,
    turns,
    claims,
    lanes,
    looks,
    receivers: receivers.createReceivers({ ...ports, dispatch }, turns, looks),
    leases,
    rounds,
    dispatch,
    lastBeatMs: null,
    tasks: null,
    tasksAtMs: 0,
    healthAtMs: 0,
  };
  return parts;
}

function lookRules(parts: () => Parts): LookRules {
  return {
    mayProbe: (id, kind) => receivers.mayProbe(parts().receivers, id, kind),
    nextMs: (id, kind) => receivers.nextLookMs(parts().receivers, id, kind),
    leftMs: (item) => leftMs(parts(), item),
    accept: (item) => enqueue(parts().turns, item),
    expire: (item) => expire(parts(), item),
  };
}

/** The worker looks up subscriptions without waiting, so their tenants' configuration is read before. */
async function configured({ ports, receivers: known }: Parts, events: Tickets['events']): Promise<void> {
  const { configuration } = ports;
  const tenants = new Set<string>();
  for (const { tenant } of events.values()) if (configuration.peek(tenant) === undefined) tenants.add(tenant);
  const load = async (tenant: string) => receivers.follow(known, tenant, await configuration.of(tenant));
  await Promise.all([...tenants].map(load));
}

/** Milliseconds an item has left before it is too old; null while its subscription is paused or unknown. */
function leftMs({ ports }: Parts, { ticket, event }: Item): number | null {
  const subscription = ports.configuration.peek(event.tenant)?.subscriptions.get(ticket.subscriptionId);
  if (subscription === undefined || subscription.config === null || subscription.state.kind === 'paused') return null;
  const age = ageMs({ ticket, event, subscription }, ports.clock.nowMs());
  return subscription.config.retry.maxAgeSeconds * 1000 - age + 1;
}

function expire({ ports, turns }: Parts, item: Item): void {
  const subscription = ports.configuration.peek(item.event.tenant)?.subscriptions.get(item.ticket.subscriptionId);
  const decision = decideTurn(item, subscription, ports.clock.nowMs());
  if (decision.kind === 'settle') settleUnqueued(turns, item, decision.settlement);
}

function offer(parts: Parts, { event, tickets }: Handover): void {
  for (const ticket of tickets) {
    const { kind, shard } = ticket.place;
    // A claim finds what is due. Nobody reads a lane again that was not told of.
    if (kind === 'lane' && parts.leases.shards().includes(shard)) noteParked(parts, { ticket, event });
    const isDue = kind === 'due' && parts.leases.safe(shard);
    if (isDue) enqueue(parts.turns, { ticket, event, mayRepeat: false, probe: false });
  }
}

/** Something was put into a lane: it is drained when it may be, and looked at before it is too old. */
function noteParked(parts: Parts, item: Pick<Item, 'ticket' | 'event'>): void {
  const { lanes, looks, ports } = parts;
  const { subscriptionId: id } = item.ticket;
  parked(lanes, item);
  const inMs = leftMs(parts, { ...item, mayRepeat: false, probe: false });
  if (inMs !== null) lookAt(looks, id, 'age', ports.clock.monotonicMs() + inMs);
  feed(lanes);
}

function holdOf({ lanes, turns }: Parts, id: string): 'circuit' | 'full' | null {
  if (receivers.keepsLane({ turns }, id)) return 'circuit';
  return isWaiting(lanes, id) ? 'full' : null;
}

function configurationChanged(parts: Parts, tenant: string): void {
  const { ports, lanes, rounds } = parts;
  const configuration = ports.configuration.peek(tenant);
  if (configuration !== undefined) receivers.follow(parts.receivers, tenant, configuration);
  feed(lanes);
  // A deletion leaves a task behind.
  parts.tasksAtMs = 0;
  rounds.hint(0);
}

function left(parts: Parts, item: Item, settlement: Settlement | null, outcome: SettleOutcome | null): void {
  const { ticket, event } = item;
  parts.claims.settled(ticket.deliveryId);
  const delayMs = settlement?.next.kind === 'retry' ? settlement.next.delayMs : null;
  if (ticket.place.kind === 'lane') laneLeft(parts.lanes, item, outcome, delayMs);
  else if (outcome?.kind === 'settled' && outcome.ticket?.place.kind === 'lane') {
    noteParked(parts, { ticket: outcome.ticket, event });
  }
  if (delayMs !== null) parts.rounds.hint(delayMs);
  // Its place in the queue is free: what its lane holds may follow.
  touch(parts.lanes, ticket.subscriptionId);
  feed(parts.lanes);
}

async function round(parts: Parts): Promise<boolean> {
  const { ports, turns, claims, lanes, looks, leases } = parts;
  const nowMs = ports.clock.monotonicMs();
  let more = false;
  try {
    const shards = leases.shards();
    // With memory full, what is due waits in the store.
    if (!isFull(turns)) more = await claims.read(shards);
    wakeKeys(lanes);
    lookAgain(lanes);
    runLooks(looks);
    feed(lanes);
    if (nowMs >= parts.tasksAtMs) parts.tasks ??= work(parts, shards);
    if (nowMs >= parts.healthAtMs) {
      parts.healthAtMs = nowMs + HEALTH_EVERY_MS;
      writeHealth(turns);
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
  ports.metrics.gauge('sockets_open', ports.sender.sockets());
  return more;
}

/** Runs tasks beside the rounds, which must not wait for them. */
async function work(parts: Parts, shards: readonly number[]): Promise<void> {
  const { ports, dispatch, rounds } = parts;
  let worked = false;
  try {
    worked = await runTasks({ ...ports, dispatch }, shards);
  } catch (error) {
    ports.log.error('worker.round_failed', { error });
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
