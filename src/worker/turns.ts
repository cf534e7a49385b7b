/** The items of this process between the store and the receivers, as one record; `steps.ts` moves them. */
import { createLineup, type Lineup, type LineupLimits } from '../core/fairness.ts';
import type { Id } from '../core/ids.ts';
import type { ConfigurationCache, LiveSubscription } from '../flows/configuration.ts';
import type { Ports, Settlement, SettleOutcome } from '../ports.ts';
import { createHealthBook, type HealthBook } from './health-book.ts';
import type { Item } from './item.ts';
import { createKnown, type Known } from './known.ts';
import { createSettling, type Settling } from './settling.ts';
import type { TrafficBook } from './traffic.ts';
import type { Isolation, Turn } from './tries.ts';

export type WorkerPorts = Pick<
  Ports,
  'clock' | 'random' | 'mac' | 'sealer' | 'store' | 'sender' | 'secretReferences' | 'log' | 'metrics'
> & {
  configuration: ConfigurationCache;
};

/** What the rest of the worker does when an item moves. */
export interface Hooks {
  /** Whether this process may send for a shard right now. */
  safe(shard: number): boolean;
  /** Whether what waits for a shard is the business of this process. */
  isOurs(shard: number): boolean;
  /** Whether this process keeps the health of a shard's subscriptions. */
  counts(shard: number): boolean;
  /** A try was made. `turned` says whether it opened or closed the circuit of its subscription. */
  tried(subscription: LiveSubscription, item: Item, turn: Turn, turned: 'opened' | 'closed' | null): void;
  /** The health of a subscription has changed by more than its last success. */
  counted(subscription: LiveSubscription): void;
  /** The item left this process's memory; `outcome` is null when it was dropped unsettled. */
  left(item: Item, settlement: Settlement | null, outcome: SettleOutcome | null): void;
}

export interface Turns {
  readonly ports: WorkerPorts;
  readonly limits: LineupLimits;
  readonly hooks: Hooks;
  readonly lineup: Lineup<Item>;
  readonly traffic: TrafficBook;
  /** Deliveries in this process's memory: queued, in flight or being settled. */
  readonly known: Known;
  /** Of these, what was closed by somebody else meanwhile. */
  readonly withdrawn: Set<Id>;
  readonly book: HealthBook;
  readonly settling: Settling;
  readonly isolation: Isolation;
  /** When time alone lets something start, and how to take that back. */
  wake: { atMs: number; cancel: () => void } | null;
  /** Tries begun since everything else that was ready had its turn. */
  burst: number;
  /** Nothing is sent until the store has taken what waits for it. */
  stalled: boolean;
  closed: boolean;
}

/**
 * Nothing is sent alone before the process has lived this long. What is innocent has been settled by then, and whoever
 * ends the process again and again soon after its start charges nothing to a delivery.
 */
export const ALONE_AFTER_MS = 2000;

/** An empty set of turns. */
export function createTurns(ports: WorkerPorts, limits: LineupLimits, hooks: Hooks): Turns {
  return {
    ports,
    limits,
    hooks,
    lineup: createLineup(limits),
    traffic: new Map(),
    known: createKnown(ports.store.shards),
    withdrawn: new Set(),
    book: createHealthBook(ports),
    settling: createSettling(ports),
    isolation: { last: new Promise<void>((resolve) => ports.clock.after(ALONE_AFTER_MS, resolve)) },
    wake: null,
    burst: 0,
    stalled: false,
    closed: false,
  };
}

/** The subscription of an item as it stands now. */
export function subscriptionOf(turns: Turns, { event, ticket }: Item): LiveSubscription | undefined {
  return turns.ports.configuration.peek(event.tenant)?.subscriptions.get(ticket.subscriptionId);
}
