/** Draining lanes: what is held back is sent straight from its lane once its subscription can take it. */
import type { Id } from '../core/ids.ts';
import type { Lease, Ports, Ticket } from '../ports.ts';
import type { Item } from './item.ts';

const RUN_LIMIT = 64;

interface Lane {
  shard: number;
  /** Everything up to here was read. */
  afterPos: number;
  /** Items read and not settled yet. */
  inMemory: number;
  reading: boolean;
  /** After an unclean takeover the first run may repeat sends. */
  mayRepeat: boolean;
}

export interface Lanes {
  /** A lease was taken: its lanes are read with the next feed, until that works. */
  taken(lease: Lease): void;
  /** Something was put into this subscription's lane. */
  parked(subscriptionId: Id, shard: number): void;
  /** A lane item left this process's memory. */
  settled(subscriptionId: Id): void;
  /** Reads on for every lane whose subscription can take more. */
  feed(): void;
}

export interface LaneRules {
  /** How many items the subscription could queue now; 0 while it is held. */
  room(subscriptionId: Id): number;
  known(deliveryId: Id): boolean;
  accept(item: Item): void;
}

/**
 * Keeps the lanes of the leased shards moving.
 * Long because its small functions share the lanes, which nobody else may touch.
 */
export function createLanes(ports: Pick<Ports, 'store' | 'log'>, rules: LaneRules): Lanes {
  const lanes = new Map<Id, Lane>();
  /** Leases whose lanes were not read yet. */
  const untaken = new Map<number, Lease>();

  function open(subscriptionId: Id, shard: number, mayRepeat: boolean): Lane {
    const lane = lanes.get(subscriptionId) ?? { shard, afterPos: -1, inMemory: 0, reading: false, mayRepeat };
    lanes.set(subscriptionId, lane);
    return lane;
  }

  async function readOn(subscriptionId: Id, lane: Lane, limit: number): Promise<void> {
    const run = await ports.store.laneRun({ subscriptionId, shard: lane.shard, key: '' }, lane.afterPos, limit);
    for (const ticket of run.tickets) {
      const event = run.events.get(ticket.eventId);
      lane.afterPos = Math.max(lane.afterPos, positionOf(ticket));
      if (event === undefined || rules.known(ticket.deliveryId)) continue;
      lane.inMemory++;
      rules.accept({ ticket, event, mayRepeat: lane.mayRepeat });
    }
    lane.mayRepeat = false;
    if (run.tickets.length > 0 || lane.inMemory > 0) return;
    if (await ports.store.closeLane(subscriptionId, lane.shard)) lanes.delete(subscriptionId);
    else lane.afterPos = -1;
  }

  function feedOne(subscriptionId: Id, lane: Lane): void {
    const room = rules.room(subscriptionId);
    if (lane.reading || room === 0) return;
    lane.reading = true;
    readOn(subscriptionId, lane, Math.min(RUN_LIMIT, room))
      .catch((error: unknown) => ports.log.error('lane.failed', { subscriptionId, error }))
      .finally(() => {
        lane.reading = false;
      });
  }

  async function takeOver(lease: Lease): Promise<void> {
    const states = await ports.store.lanes([lease.shard]);
    for (const { subscriptionId, shard } of states) open(subscriptionId, shard, lease.taken === 'unclean');
    feed();
  }

  function feed(): void {
    for (const [shard, lease] of untaken) {
      untaken.delete(shard);
      takeOver(lease).catch((error: unknown) => {
        ports.log.error('lane.failed', { shard, error });
        untaken.set(shard, lease);
      });
    }
    for (const [subscriptionId, lane] of lanes) feedOne(subscriptionId, lane);
  }

  return {
    taken(lease) {
      untaken.set(lease.shard, lease);
      feed();
    },
    parked: (subscriptionId, shard) => {
      open(subscriptionId, shard, false);
    },
    settled(subscriptionId) {
      const lane = lanes.get(subscriptionId);
      if (lane !== undefined) lane.inMemory--;
    },
    feed,
  };
}

function positionOf({ place }: Ticket): number {
  return place.kind === 'lane' ? place.pos : -1;
}
