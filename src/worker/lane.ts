/** A lane as this process sees it, and all of them together. */
import type { Id } from '../core/ids.ts';
import type { Timeline } from '../core/timeline.ts';
import type { LaneState, Lease, Ports, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import type { OrderedKeys } from './ordered-keys.ts';

export interface Lane {
  readonly id: Id;
  readonly shard: number;
  /** Everything without a key up to here was read. */
  afterPos: number;
  /** Nothing without a key stands beyond `afterPos`. */
  drained: boolean;
  /** Items without a key in memory. */
  inMemory: number;
  reading: boolean;
  /** Something came in while it was read. */
  touched: boolean;
  /** After an unclean takeover: items without a key, from the first on, that may have been sent before. */
  suspects: number;
  readonly keys: OrderedKeys;
  /** Since when nothing is known to stand in it. */
  emptyAtMs: number | null;
}

export interface LaneRules {
  /** How many items the subscription could queue now; 0 while it is held or has enough. */
  room(id: Id): number;
  /** Whether nothing of the subscription is to be sent now. */
  isHeld(id: Id): boolean;
  /** Whether memory is so full that no lane is read at all. */
  full(): boolean;
  /** Whether a delivery is in this process's memory. */
  known(deliveryId: Id): boolean;
  accept(item: Item): void;
  /** Resolves when the configuration of the tenants of these events is in memory. */
  ready(events: Tickets['events']): Promise<void>;
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
  /** Keys whose first item waits for its next try. */
  readonly waiting: Timeline<{ id: Id; key: string }>;
  /** Leases whose lanes were not read yet. */
  readonly untaken: Map<number, Lease>;
}

/** Something changed for a lane: it is looked at with the next feed. */
export function touch(lanes: Lanes, id: Id): void {
  const lane = lanes.byId.get(id);
  if (lane === undefined) return;
  lane.touched = true;
  lanes.ready.add(id);
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
