/**
 * Draining lanes: what is held back is sent straight from its lane once its subscription can take it. A lane is looked
 * at when something about it changed, never because others moved; a few are read at a time, in turn.
 */
import type { Id } from '../core/ids.ts';
import { createTimeline } from '../core/timeline.ts';
import type { Lease, SettleOutcome, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import { type Lane, type LaneRules, type Lanes, laneTicket, touch } from './lane.ts';
import { keyedArrived, keyedLeft, sweep } from './lane-keys.ts';
import { createKeys } from './ordered-keys.ts';

/** Lanes read at the same time. */
const MAX_READS = 8;
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
    waiting: createTimeline(),
    untaken: new Map(),
  };
}

/** A lease was taken: its lanes are read with the next feed, until that works. */
export function leaseTaken(lanes: Lanes, lease: Lease): void {
  lanes.untaken.set(lease.shard, lease);
  feed(lanes);
}

/** A delivery was put into its subscription's lane. */
export function parked(lanes: Lanes, item: Pick<Item, 'ticket' | 'event'>): void {
  const { place, subscriptionId, shard } = laneTicket(item.ticket);
  const lane = open(lanes, subscriptionId, shard, 'new');
  lane.emptyAtMs = null;
  lane.touched = true;
  if (place.key !== '') {
    keyedArrived(lanes, lane, item, place);
  } else {
    lane.drained = false;
    touch(lanes, subscriptionId);
  }
}

/** The lane of a subscription, made when nobody knew of it. */
export function openLane(lanes: Lanes, id: Id, shard: number): Lane {
  return open(lanes, id, shard, 'new');
}

/** Whether more waits in a lane than is in memory: what comes in now stands behind it. */
export function isWaiting(lanes: Lanes, id: Id): boolean {
  const lane = lanes.byId.get(id);
  return lane !== undefined && !lane.drained;
}

/** A lane item left this process's memory; `outcome` is null when it was dropped unsettled. */
export function left(lanes: Lanes, { ticket }: Item, outcome: SettleOutcome | null, delayMs: number | null): void {
  const lane = lanes.byId.get(ticket.subscriptionId);
  if (lane === undefined || ticket.place.kind !== 'lane') return;
  if (ticket.place.key !== '') {
    keyedLeft(lanes, lane, ticket.place, outcome, delayMs);
  } else {
    lane.inMemory--;
    if (outcome === null) {
      lane.afterPos = Math.min(lane.afterPos, ticket.place.pos - 1);
      lane.drained = false;
    }
  }
  touch(lanes, lane.id);
}

/** Reads on for lanes that changed and whose subscription can take more. */
export function feed(lanes: Lanes): void {
  for (const [shard, lease] of lanes.untaken) {
    lanes.untaken.delete(shard);
    takeOver(lanes, lease).catch((error: unknown) => {
      lanes.ports.log.error('lane.failed', { shard, error });
      lanes.untaken.set(shard, lease);
    });
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
    else if (nowMs - lane.emptyAtMs >= CLOSE_AFTER_MS && !lane.reading && !lanes.rules.keeps(id)) {
      lanes.empty.delete(id);
      guard(lanes, lane, () => close(lanes, lane));
    }
  }
}

/** Runs one reading of a lane; a failure is logged, and the lane looked at again. */
export function guard(lanes: Lanes, lane: Lane, read: () => Promise<void>): void {
  lane.reading = true;
  lane.touched = false;
  lanes.reads++;
  read()
    .catch((error: unknown) => {
      lanes.ports.log.error('lane.failed', { subscriptionId: lane.id, error });
      lane.touched = true;
    })
    .finally(() => {
      lane.reading = false;
      lanes.reads--;
      if (lane.touched) lanes.ready.add(lane.id);
      feed(lanes);
    });
}

function open(lanes: Lanes, id: Id, shard: number, found: 'new' | 'stored' | 'suspect'): Lane {
  const known = lanes.byId.get(id);
  if (known !== undefined) return known;
  const lane: Lane = {
    id,
    shard,
    afterPos: -1,
    drained: found === 'new',
    inMemory: 0,
    reading: false,
    touched: false,
    suspects: found === 'suspect' ? RUN_LIMIT : 0,
    keys: createKeys({ swept: found === 'new', suspect: found === 'suspect' }),
    emptyAtMs: null,
  };
  lanes.byId.set(id, lane);
  return lane;
}

async function takeOver(lanes: Lanes, lease: Lease): Promise<void> {
  const states = await lanes.ports.store.lanes([lease.shard]);
  for (const state of states) {
    open(lanes, state.subscriptionId, state.shard, lease.taken === 'unclean' ? 'suspect' : 'stored');
    lanes.rules.restored(state);
    touch(lanes, state.subscriptionId);
  }
  feed(lanes);
}

function look(lanes: Lanes, lane: Lane): void {
  const room = lanes.rules.room(lane.id);
  if (lane.drained && lane.keys.swept) noteEmpty(lanes, lane);
  else if (room > 0) guard(lanes, lane, () => readOn(lanes, lane, Math.min(RUN_LIMIT, room)));
}

async function readOn(lanes: Lanes, lane: Lane, tickets: number): Promise<void> {
  const limits = { tickets, bytes: READ_BYTES };
  if (!lane.drained) {
    const { id: subscriptionId, shard } = lane;
    const run = await lanes.ports.store.laneRun({ subscriptionId, shard, key: '' }, lane.afterPos, limits);
    await lanes.rules.ready(run.events);
    lane.drained = run.more.length === 0 && !lane.touched;
    for (const ticket of run.tickets) acceptPlain(lanes, lane, ticket, run);
  }
  if (!lane.keys.swept) await sweep(lanes, lane, limits);
  lane.touched = true;
}

function acceptPlain(lanes: Lanes, lane: Lane, ticket: Ticket, run: Tickets): void {
  const event = run.events.get(ticket.eventId);
  lane.afterPos = Math.max(lane.afterPos, laneTicket(ticket).place.pos);
  if (event === undefined || lanes.rules.known(ticket.deliveryId)) return;
  lane.inMemory++;
  const mayRepeat = lane.suspects > 0;
  if (mayRepeat) lane.suspects--;
  lanes.rules.accept({ ticket, event, mayRepeat, probe: false });
}

function noteEmpty(lanes: Lanes, lane: Lane): void {
  if (lane.inMemory > 0 || lane.keys.heads.size > 0) return;
  lane.emptyAtMs ??= lanes.ports.clock.monotonicMs();
  lanes.empty.add(lane.id);
  lanes.rules.emptied(lane.id);
}

async function close(lanes: Lanes, lane: Lane): Promise<void> {
  if (await lanes.ports.store.closeLane(lane.id, lane.shard)) {
    if (!lane.touched) lanes.byId.delete(lane.id);
    return;
  }
  // Something stands in it that nobody handed over: everything is read again.
  lane.afterPos = -1;
  lane.drained = false;
  lane.keys.swept = false;
  lane.touched = true;
}
