/**
 * Draining lanes: what is held back is sent straight from its lane once its subscription can take it. A lane is looked
 * at when something about it changed, never because others moved; a few are read at a time, in turn.
 */
import type { Id } from '../core/ids.ts';
import { createTimeline } from '../core/timeline.ts';
import type { Lease, SettleOutcome, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import {
  isCurrent,
  type Lane,
  type LaneRules,
  type Lanes,
  laneTicket,
  mayOrder,
  readLane,
  takeSuspect,
  touch,
} from './lane.ts';
import { keyedArrived, keyedLeft, sweep } from './lane-keys.ts';
import { letOrdersGo, openLane, readAnew, takeOver } from './lane-takeover.ts';
import { isFullOfKeys } from './ordered-keys.ts';

/** Lanes read at the same time; measured: one reading of 64 keeps the store for a millisecond. */
const MAX_READS = 4;
/** Tickets of one reading, and more than one lane has in memory. */
const RUN_LIMIT = 64;
const READ_BYTES = 4 * 1024 * 1024;
/** A lane that is filled again and again is not closed each time between. */
const CLOSE_AFTER_MS = 5000;

export function createLanes(ports: Lanes['ports'], rules: LaneRules): Lanes {
  return {
    ports,
    rules,
    byId: new Map(),
    ready: new Set(),
    reads: 0,
    empty: new Set(),
    later: new Set(),
    waiting: createTimeline(),
    resting: new Map(),
    untaken: new Map(),
    orderFromMs: new Map(),
  };
}

/** A lease was taken: its lanes are read with the next feed, until that works. */
export function leaseTaken(lanes: Lanes, lease: Lease): void {
  lanes.untaken.set(lease.shard, { lease, reading: false });
  feed(lanes);
}

/**
 * A delivery was put into its subscription's lane.
 * @param isInOrder whether everything that was put into lanes of its shard before it is known of
 */
export function parked(lanes: Lanes, item: Pick<Item, 'ticket' | 'event'>, isInOrder: boolean): void {
  const { place, subscriptionId, shard } = laneTicket(item.ticket);
  const lane = openLane(lanes, subscriptionId, shard);
  lane.emptyAtMs = null;
  lane.touched = true;
  if (place.key !== '') {
    keyedArrived(lanes, lane, { item, isInOrder }, place);
  } else {
    lane.drained = false;
    touch(lanes, subscriptionId);
  }
}

/** Whether more waits in a lane than is in memory: what comes in now stands behind it. */
export function isWaiting(lanes: Lanes, id: Id): boolean {
  const lane = lanes.byId.get(id);
  return lane !== undefined && !lane.drained;
}

/** A lane item left this process's memory; `outcome` is null when it was dropped unsettled. */
export function left(lanes: Lanes, item: Item, outcome: SettleOutcome | null, delayMs: number | null): void {
  const { ticket, mayRepeat } = item;
  const { place, deliveryId } = ticket;
  const lane = lanes.byId.get(ticket.subscriptionId);
  if (lane === undefined || place.kind !== 'lane') return;
  if (outcome !== null) for (const gone of lane.readings) gone.add(deliveryId);
  else if (mayRepeat) lane.stillSuspect.add(deliveryId);
  if (place.key !== '') keyedLeft(lanes, lane, { deliveryId, place }, outcome, delayMs);
  else plainLeft(lane, deliveryId, outcome === null ? place.pos : null);
  touch(lanes, lane.id);
}

/** A delivery was closed by somebody else: readings under way, of whatever lane, must not bring it back. */
export function goneFromReadings({ byId }: Lanes, deliveryId: Id): void {
  for (const { readings } of byId.values()) for (const gone of readings) gone.add(deliveryId);
}

function plainLeft(lane: Lane, deliveryId: Id, droppedAt: number | null): void {
  lane.inMemory.delete(deliveryId);
  if (droppedAt === null) return;
  // A reading that is under way moves `afterPos`, so that going back is left to the next one.
  lane.againFrom = Math.min(lane.againFrom, droppedAt - 1);
  lane.drained = false;
}

/** Looks again at what could not be read when it was its turn. */
export function lookAgain(lanes: Lanes): void {
  for (const id of lanes.later) touch(lanes, id);
  lanes.later.clear();
  letOrdersGo(lanes);
}

/** Reads on for lanes that changed and whose subscription can take more. */
export function feed(lanes: Lanes): void {
  for (const takeover of lanes.untaken.values()) {
    if (!takeover.reading) void takeOver(lanes, takeover).then((isDone) => isDone && feed(lanes));
  }
  for (const id of lanes.ready) {
    if (lanes.reads >= MAX_READS || lanes.rules.full()) return;
    lanes.ready.delete(id);
    const lane = lanes.byId.get(id);
    if (lane !== undefined && !lane.reading) look(lanes, lane);
  }
}

/** Closes lanes that have been empty for a while. */
export function closeEmpty(lanes: Lanes): void {
  const nowMs = lanes.ports.clock.monotonicMs();
  for (const id of lanes.empty) {
    const lane = lanes.byId.get(id);
    if (lane === undefined || lane.emptyAtMs === null) lanes.empty.delete(id);
    else if (nowMs - lane.emptyAtMs >= CLOSE_AFTER_MS && mayClose(lanes, lane)) {
      lanes.empty.delete(id);
      guard(lanes, lane, () => close(lanes, lane));
    }
  }
}

function mayClose({ rules }: Lanes, lane: Lane): boolean {
  return !lane.reading && !rules.keeps(lane.id) && rules.safe(lane.shard);
}

/** Runs one reading of a lane; a failure is logged, and the lane looked at again, but not before the next round. */
function guard(lanes: Lanes, lane: Lane, read: () => Promise<void>): void {
  lane.reading = true;
  lane.touched = false;
  lanes.reads++;
  read()
    .catch((error: unknown) => {
      lanes.ports.log.error('lane.failed', { subscriptionId: lane.id, error });
      lane.touched = false;
      lanes.later.add(lane.id);
    })
    .finally(() => {
      lane.reading = false;
      lanes.reads--;
      if (lane.touched) lanes.ready.add(lane.id);
      feed(lanes);
    });
}

function look(lanes: Lanes, lane: Lane): void {
  if (isRead(lane)) noteEmpty(lanes, lane);
  else if (!lanes.rules.safe(lane.shard)) lanes.later.add(lane.id);
  else if (!lane.drained || mayOrder(lanes, lane.shard)) {
    const room = lanes.rules.room(lane.id);
    if (room > 0) guard(lanes, lane, () => readOn(lanes, lane, Math.min(RUN_LIMIT, room)));
  }
}

/** Whether nothing is to be read of a lane now. */
function isRead({ drained, keys }: Lane): boolean {
  return drained && (keys.swept || isFullOfKeys(keys));
}

async function readOn(lanes: Lanes, lane: Lane, tickets: number): Promise<void> {
  const limits = { tickets, bytes: READ_BYTES };
  if (!lane.drained) await readPlain(lanes, lane, limits);
  if (mayOrder(lanes, lane.shard) && !lane.keys.swept && !isFullOfKeys(lane.keys)) await sweep(lanes, lane, limits);
  lane.touched = true;
}

function readPlain(lanes: Lanes, lane: Lane, limits: { tickets: number; bytes: number }): Promise<void> {
  const { id: subscriptionId, shard } = lane;
  lane.afterPos = Math.min(lane.afterPos, lane.againFrom);
  lane.againFrom = Number.POSITIVE_INFINITY;
  const run = lanes.ports.store.laneRun({ subscriptionId, shard, key: '' }, lane.afterPos, limits);
  return readLane(lanes, lane, run, (read, isGone) => {
    lane.drained = read.more.length === 0 && !lane.touched;
    for (const ticket of read.tickets) acceptPlain(lanes, lane, ticket, read, isGone);
  });
}

function acceptPlain(
  lanes: Lanes,
  lane: Lane,
  ticket: Ticket,
  run: Tickets,
  isGone: (ticket: Ticket) => boolean,
): void {
  const event = run.events.get(ticket.eventId);
  lane.afterPos = Math.max(lane.afterPos, laneTicket(ticket).place.pos);
  if (event === undefined || isGone(ticket) || lanes.rules.known(ticket.deliveryId)) return;
  lane.inMemory.add(ticket.deliveryId);
  lanes.rules.accept({ ticket, event, mayRepeat: takeSuspect(lanes, lane, ticket), probe: false });
}

function noteEmpty(lanes: Lanes, lane: Lane): void {
  if (lane.inMemory.size > 0 || lane.keys.heads.size > 0) return;
  lane.emptyAtMs ??= lanes.ports.clock.monotonicMs();
  lanes.empty.add(lane.id);
  lanes.rules.emptied(lane.id);
}

async function close(lanes: Lanes, lane: Lane): Promise<void> {
  const { rules, ports } = lanes;
  if (await rules.during(lane.shard, ports.store.closeLane(lane.id, lane.shard))) {
    if (!lane.touched && isCurrent(lanes, lane)) lanes.byId.delete(lane.id);
    return;
  }
  // Something stands in it that nobody handed over.
  readAnew(lane);
  lane.touched = true;
}
