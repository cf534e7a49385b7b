/** What a worker does with the store: leases, claims, settlements, lanes, tasks. */
import type { AttemptRecord } from '../core/attempt.ts';
import type { Health } from '../core/health.ts';
import type { Id } from '../core/ids.ts';
import type { NewDelivery } from './appends.ts';
import type { Hold, HoldReason, Ticket } from './tickets.ts';

export interface Lease {
  shard: number;
  epoch: number;
  leaseUntilMs: number;
  /**
   * `clean`: never held, or released. `unclean`: its last owner did not release it, so some of its sends may have
   * happened unrecorded; but it is dead, or is the asker itself. `expired`: the same, and it may still be sending.
   */
  taken: 'clean' | 'unclean' | 'expired';
}

export interface LeaseLimits {
  /** Shards to take at most; the first ones in the order asked for. */
  atMost?: number;
  /** Owners whose shards are taken too, if the store finds that they are gone indeed. */
  givenUp?: readonly Id[];
}

/** Position in one shard's due index; null starts at its beginning. */
export interface ClaimCursor {
  shard: number;
  after: { dueMs: number; deliveryId: Id } | null;
}

/** How much one read may bring into memory. At least one ticket is read whatever its event weighs. */
export interface ReadLimits {
  /** Of each cursor, or of the lane. */
  tickets: number;
  /** Bodies of the events read, in all. */
  bytes: number;
}

/**
 * What a settled try does to its ticket; without a try (null) it is only put back. Also who closes a delivery without
 * sending it says so with an attempt.
 */
export type Settlement = { ticket: Ticket } & (
  | { attempt: AttemptRecord; next: Next }
  | { attempt: null; next: Exclude<Next, { kind: 'close' }> }
);

export type Next =
  /** Nothing stays open; the attempt's `closes` says how it ended. */
  | { kind: 'close' }
  /** Back into the due index; an ordered lane item keeps its place in the lane and waits there. */
  | { kind: 'retry'; delayMs: number }
  /** Into the lane, behind what waits there. */
  | { kind: 'park'; hold: Hold; delayMs: number };

export type SettleOutcome =
  /** The ticket that is open now, null when closed. */
  | { kind: 'settled'; ticket: Ticket | null }
  /** Somebody else settled this ticket first; nothing of this settlement was written. */
  | { kind: 'lost' };

export interface SettleRequest {
  settlements: readonly Settlement[];
  /** Health of subscriptions that changed; the newest values win. */
  health: ReadonlyMap<Id, Health>;
}

export interface LaneState {
  subscriptionId: Id;
  shard: number;
  reason: HoldReason;
  /** Engine time at which it got this reason. */
  sinceMs: number;
  /** Wall time by which something of it is tried, to find out whether the receiver is there again; past once it was. */
  probeAtMs: number | null;
}

/** `release`: works through what a source held while it was paused; its `ref` is the source. */
export type TaskKind = 'fanout' | 'cancel' | 'release';

/** Durable work other than an HTTP delivery. */
export interface Task {
  shard: number;
  dueMs: number;
  id: Id;
  tenant: Id;
  kind: TaskKind;
  /** The object it works on. */
  ref: Id;
  /** Times it was settled as `again`. */
  n: number;
  /** How far it got, in words of its kind; empty at the start. */
  payload: Uint8Array;
}

export interface TaskSettlement {
  task: Task;
  next: { kind: 'done' } | { kind: 'again'; delayMs: number; payload: Uint8Array };
  /** Deliveries made by this step, committed with it. */
  deliveries: readonly (NewDelivery & { eventId: Id })[];
}

export type TaskOutcome = { kind: 'settled'; tickets: readonly Ticket[] } | { kind: 'lost' };
