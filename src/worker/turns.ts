/**
 * From an item in memory to a settled one: queued fairly, given its turn, settled, forgotten. The state is one record;
 * each function below does one step of an item's way.
 */
import {
  clear,
  createLineup,
  finish,
  hasRoom,
  type Lineup,
  type LineupLimits,
  push,
  take,
  waiting,
} from '../core/fairness.ts';
import type { Id } from '../core/ids.ts';
import type { ConfigurationCache, LiveSubscription } from '../flows/configuration.ts';
import type { Hold, Ports, SettleOutcome } from '../ports.ts';
import { createHealthBook, type HealthBook } from './health-book.ts';
import type { Item } from './item.ts';
import { createSettling, type Settling } from './settling.ts';
import { report, type Turn, takeTurn } from './tries.ts';

export type WorkerPorts = Pick<Ports, 'clock' | 'random' | 'mac' | 'store' | 'sender' | 'log' | 'metrics'> & {
  configuration: ConfigurationCache;
};

/** What the rest of the worker does when an item moves. */
export interface Hooks {
  /** Whether this process may send for a shard right now. */
  safe(shard: number): boolean;
  /** A receiver says it is gone, and its profile lets that switch the subscription off. */
  gone(subscription: LiveSubscription): Promise<void>;
  /** The item left this process's memory; `outcome` is null when it was dropped unsettled. */
  left(item: Item, turn: Turn | null, outcome: SettleOutcome | null): void;
}

export interface Turns {
  readonly ports: WorkerPorts;
  readonly limits: LineupLimits;
  readonly hooks: Hooks;
  readonly lineup: Lineup<Item>;
  /** Deliveries in this process's memory: queued, in flight or being settled. */
  readonly known: Set<Id>;
  /** Of these, what was closed by somebody else meanwhile. */
  readonly withdrawn: Set<Id>;
  readonly book: HealthBook;
  readonly settling: Settling;
  closed: boolean;
}

/** An empty set of turns. */
export function createTurns(ports: WorkerPorts, limits: LineupLimits, hooks: Hooks): Turns {
  const book = createHealthBook();
  const settling = createSettling(ports);
  return {
    ports,
    limits,
    hooks,
    lineup: createLineup(),
    known: new Set(),
    withdrawn: new Set(),
    book,
    settling,
    closed: false,
  };
}

const FULL: Hold = { reason: 'full', key: '' };

/** Takes an item in: queued if there is room, else held in its subscription's lane. */
export function enqueue(turns: Turns, item: Item): void {
  const { ticket } = item;
  if (turns.closed || turns.known.has(ticket.deliveryId)) return;
  turns.known.add(ticket.deliveryId);
  if (ticket.place.kind === 'due' && !hasRoom(turns.lineup, turns.limits, ticket.subscriptionId)) {
    settle(turns, item, {
      settlement: { ticket, attempt: null, next: { kind: 'park', hold: FULL, delayMs: 0 } },
      tried: null,
    });
    return;
  }
  const cap = subscriptionOf(turns, item)?.config?.maxConcurrency ?? 1;
  push(turns.lineup, ticket.subscriptionId, item, cap);
  pump(turns);
}

/** How many items of a lane could be queued now; 0 while its subscription is held. */
export function laneRoom(turns: Turns, subscriptionId: Id): number {
  const subscription = turns.ports.configuration.peekSubscription(subscriptionId);
  if (turns.closed || (subscription !== undefined && subscription.state.kind !== 'active')) return 0;
  return Math.max(0, Math.floor(turns.limits.perSubscription / 2) - waiting(turns.lineup, subscriptionId));
}

/** Takes nothing in any more and drops what waits; what is in flight goes on. */
export function closeTurns(turns: Turns): void {
  turns.closed = true;
  for (const item of clear(turns.lineup)) drop(turns, item);
}

/** Notes that a delivery was closed by somebody else. What is on its way goes on, and its settlement will be lost. */
export function withdraw(turns: Turns, deliveryId: Id): void {
  if (turns.known.has(deliveryId)) turns.withdrawn.add(deliveryId);
}

/** Hands over health that waits for its regular write. */
export function writeHealth(turns: Turns): void {
  for (const [id, health] of turns.book.takeChanged()) turns.settling.noteHealth(id, health);
}

function pump(turns: Turns): void {
  for (let next = take(turns.lineup, turns.limits); next !== null; next = take(turns.lineup, turns.limits)) {
    void run(turns, next.id, next.item);
  }
}

async function run(turns: Turns, id: Id, item: Item): Promise<void> {
  try {
    const mine = turns.hooks.safe(item.ticket.place.shard) && !turns.withdrawn.has(item.ticket.deliveryId);
    if (mine) await giveTurn(turns, item);
    else drop(turns, item);
  } catch (error) {
    // A bug of ours: the ticket stays in the store and the next full look finds it again.
    turns.ports.log.error('delivery.failed', { deliveryId: item.ticket.deliveryId, error });
    drop(turns, item);
  } finally {
    finish(turns.lineup, id);
    pump(turns);
  }
}

async function giveTurn(turns: Turns, item: Item): Promise<void> {
  const subscription = subscriptionOf(turns, item);
  const turn = await takeTurn(turns.ports, item, subscription);
  if (subscription !== undefined) {
    const health = turns.book.after(subscription, turn.settlement);
    if (health !== null) turns.settling.noteHealth(subscription.id, health);
  }
  settle(turns, item, turn);
  if (subscription !== undefined && turn.tried?.judgement.disable === true) {
    turns.hooks
      .gone(subscription)
      .catch((error: unknown) => turns.ports.log.error('subscription.disable_failed', { error }));
  }
}

function settle(turns: Turns, item: Item, turn: Turn): void {
  turns.settling.add(turn.settlement, (outcome) => {
    forget(turns, item);
    if (outcome.kind === 'settled') report(turns.ports, item.event, turn);
    else lost(turns, item);
    turns.hooks.left(item, turn, outcome);
  });
}

function lost(turns: Turns, { ticket }: Item): void {
  turns.ports.metrics.count('settles_lost_total');
  turns.ports.log.warn('settle.lost', { deliveryId: ticket.deliveryId, attempt: ticket.n + 1 });
}

function forget(turns: Turns, { ticket }: Item): void {
  turns.known.delete(ticket.deliveryId);
  turns.withdrawn.delete(ticket.deliveryId);
}

function drop(turns: Turns, item: Item): void {
  forget(turns, item);
  turns.hooks.left(item, null, null);
}

function subscriptionOf(turns: Turns, { event, ticket }: Item): LiveSubscription | undefined {
  return turns.ports.configuration.peek(event.tenant)?.subscriptions.get(ticket.subscriptionId);
}
