/** A lane as this process sees it, and all of them together. */
import type { Id } from '../core/ids.ts';
import type { Timeline } from '../core/timeline.ts';
import type { LaneState, Lease, Ports, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import type { OrderedKeys } from './ordered-keys.ts';

/** Before every position of a lane. */
export const FROM_THE_FIRST = -1;

export interface Lane {
  readonly id: Id;
  readonly shard: number;
  /** Everything without a key up to here was read. */
  afterPos: number;
  /** Nothing without a key stands beyond `afterPos`. */
  drained: boolean;
  /** Up to here it is read again: something in memory was dropped and stands in the store still. */
  againFrom: number;
  /** Items without a key in memory. */
  readonly inMemory: Set<Id>;
  reading: boolean;
  /** Something came in while it was read. */
  touched: boolean;
  /**
   * After an unclean takeover: items without a key, from the first on, that may have been sent before. null until it is
   * known how many were in flight at most.
   */
  suspects: number | null;
  /** Of these, what was dropped before it was sent. */
  readonly stillSuspect: Set<Id>;
  /** For each reading that is under way, what left memory since it began: its answer may be older than that. */
  readonly readings: Set<Set<Id>>;
  readonly keys: OrderedKeys;
  /** Since when nothing is known to stand in it. */
  emptyAtMs: number | null;
}

export interface LaneRules {
  /** How many items the subscription could queue now; 0 while it is held or has enough. */
  room(id: Id): number;
  /** Whether this process may send for a shard right now. */
  safe(shard: number): boolean;
  /** Waits for something that is written of a shard. */
  during<Result>(shard: number, writing: Promise<Result>): Promise<Result>;
  /** Whether nothing of the subscription is to be sent now. */
  isHeld(id: Id): boolean;
  /** How many of its items may be queued or on their way at once. */
  mostInMemory(id: Id): number;
  /** Whether memory is so full that no lane is read at all. */
  full(): boolean;
  /** Whether a delivery is in this process's memory. */
  known(deliveryId: Id): boolean;
  accept(item: Item): void;
  /** Resolves when the configuration that these tickets need is in memory. */
  ready(read: Tickets): Promise<void>;
  /** The lane of a subscription holds nothing any more. */
  emptied(id: Id): void;
  /** Whether a lane stays although nothing stands in it. */
  keeps(id: Id): boolean;
  /** A lane was found in the store after a takeover. */
  restored(state: LaneState): void;
}

export interface Lanes {
  readonly ports: Pick<Ports, 'store' | 'log' | 'clock'>;
  readonly rules: LaneRules;
  readonly byId: Map<Id, Lane>;
  /** Lanes to look at, in turn. */
  readonly ready: Set<Id>;
  reads: number;
  /** Lanes that seem to be empty. */
  readonly empty: Set<Id>;
  /** Lanes that could not be read now: looked at again with the next round. */
  readonly later: Set<Id>;
  /** First items of keys that wait for their next try. */
  readonly waiting: Timeline<Id>;
  /** The same by delivery; what is no more in here is not woken. */
  readonly resting: Map<Id, { id: Id; key: string }>;
  /** Shards whose lanes were not read yet since their lease was taken. */
  readonly untaken: Map<number, Takeover>;
  /** Shards whose last owner may still be sending: monotonic time from which on ordered items may follow (L3). */
  readonly orderFromMs: Map<number, number>;
}

export interface Takeover {
  readonly lease: Lease;
  reading: boolean;
}

/** Something changed for a lane: it is looked at with the next feed. */
export function touch(lanes: Lanes, id: Id): void {
  const lane = lanes.byId.get(id);
  if (lane === undefined) return;
  lane.touched = true;
  lanes.ready.add(id);
}

/**
 * Reads from a lane and passes on what was read, at once. What was sent and settled since the reading began may stand in
 * it all the same: `isGone` tells, so that nothing is sent twice (C4).
 */
export async function readLane<Result>(
  lanes: Lanes,
  lane: Lane,
  read: Promise<Tickets>,
  take: (read: Tickets, isGone: (ticket: Ticket) => boolean) => Result,
): Promise<Result> {
  const gone = new Set<Id>();
  lane.readings.add(gone);
  try {
    const tickets = await read;
    await lanes.rules.ready(tickets);
    const found = isCurrent(lanes, lane) ? tickets : { ...tickets, tickets: [], more: [] };
    return take(found, ({ deliveryId }) => gone.has(deliveryId));
  } finally {
    lane.readings.delete(gone);
  }
}

/** Whether a lane is not closed, and did not leave with its shard: what was read of one that did is out of date. */
export function isCurrent({ byId }: Lanes, lane: Lane): boolean {
  return byId.get(lane.id) === lane;
}

/** Whether ordered items of a shard may be sent: nobody else is sending one of them still (L3). */
export function mayOrder({ orderFromMs }: Lanes, shard: number): boolean {
  return orderFromMs.size === 0 || !orderFromMs.has(shard);
}

/** A ticket that is known to wait in a lane. */
export function laneTicket(ticket: Ticket): {
  place: Extract<Ticket['place'], { kind: 'lane' }>;
  subscriptionId: Id;
  shard: number;
} {
  const { place, subscriptionId } = ticket;
  if (place.kind !== 'lane') throw new Error('a ticket of the due index was taken for one of a lane');
  return { place, subscriptionId, shard: place.shard };
}

/** Whether an item without a key may have been sent before an unclean takeover. What is dropped unsent stays suspect. */
export function takeSuspect({ rules }: Lanes, lane: Lane, { deliveryId }: Ticket): boolean {
  if (lane.stillSuspect.delete(deliveryId)) return true;
  lane.suspects ??= rules.mostInMemory(lane.id);
  if (lane.suspects === 0) return false;
  lane.suspects--;
  return true;
}
