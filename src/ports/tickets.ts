/** Open deliveries as the store hands them out. */
import type { HookEvent } from '../core/event.ts';
import type { Id } from '../core/ids.ts';

/** Why a delivery is held back in its subscription's lane. */
export type HoldReason = 'paused' | 'disabled' | 'circuit' | 'full' | 'ordered';

export interface Hold {
  reason: HoldReason;
  /** The ordering key of an ordered delivery, else ''. */
  key: string;
}

/** Where an open delivery waits. */
export type Place =
  | { kind: 'due'; shard: number; dueMs: number }
  | { kind: 'lane'; shard: number; key: string; pos: number; notBeforeMs: number };

/** An open delivery. */
export interface Ticket {
  deliveryId: Id;
  eventId: Id;
  subscriptionId: Id;
  /** Attempts already settled. */
  n: number;
  /** `first` is made by an event; the others by a person. */
  kind: DeliveryKind;
  place: Place;
}

export type DeliveryKind = 'first' | 'redelivery' | 'replay' | 'test';

/** Tickets with the events they point at, each event once. */
export interface Tickets {
  tickets: readonly Ticket[];
  events: ReadonlyMap<Id, HookEvent>;
  /** Shards that hold more, ready to be read, than the limits let through. */
  more: readonly number[];
  /** Engine time of the read. */
  nowMs: number;
}

/** What an acknowledged append offers to this process's worker. */
export interface Handover {
  event: HookEvent;
  tickets: readonly Ticket[];
}
