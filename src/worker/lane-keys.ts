/** The ordered part of a lane: the first item of each key in its turn, the next one when it is closed (O1). */
import type { Id } from '../core/ids.ts';
import { add, takeDue } from '../core/timeline.ts';
import type { Place, ReadLimits, SettleOutcome, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import { FROM_THE_FIRST, isCurrent, type Lane, type Lanes, laneTicket, readLane, touch } from './lane.ts';
import { arrived, closed, found, lost, pageDone, passedBy, reading, wasRead } from './ordered-keys.ts';

type LanePlace = Extract<Place, { kind: 'lane' }>;

/** One item: its own limit is that of an event. */
const ONE: ReadLimits = { tickets: 1, bytes: 1 };
/** A head whose event cannot be read is looked at again after this. */
const UNREADABLE_MS = 60_000;

/**
 * An item came in under a key: sent straight on when nothing of its key is open. When what another process put before
 * it may not have been heard of yet, the first of its key is read instead: that is there by now.
 */
export function keyedArrived(
  lanes: Lanes,
  lane: Lane,
  { item, isInOrder }: { item: Pick<Item, 'ticket' | 'event'>; isInOrder: boolean },
  place: LanePlace,
): void {
  if (lanes.rules.room(lane.id) === 0) {
    // Held, or enough in memory: the sweep finds it when there is room.
    if (!lane.keys.heads.has(place.key)) lost(lane.keys, place.key);
    else arrived(lane.keys, place.key, place.pos);
    touch(lanes, lane.id);
    return;
  }
  if (arrived(lane.keys, place.key, place.pos)) {
    if (isInOrder) lanes.rules.accept({ ...item, mayRepeat: false, probe: false });
    else void readKey(lanes, lane, place.key, FROM_THE_FIRST);
  } else if (!lane.keys.swept) touch(lanes, lane.id);
}

/** The first item of a key left memory: the next one follows, or the same one again when it is due. */
export function keyedLeft(
  lanes: Lanes,
  lane: Lane,
  { deliveryId, place }: { deliveryId: Id; place: LanePlace },
  outcome: SettleOutcome | null,
  delayMs: number | null,
): void {
  const { key, pos } = place;
  lanes.resting.delete(deliveryId);
  if (outcome?.kind !== 'settled') lost(lane.keys, key);
  else if (outcome.ticket === null) {
    if (closed(lane.keys, key)) void readKey(lanes, lane, key, pos);
  } else if (lane.keys.heads.has(key)) rest(lanes, lane, { deliveryId, key }, delayMs ?? 0);
  // A probe of a key that nobody attends to.
  else lost(lane.keys, key);
}

/** Reads the keys whose first item has become due. */
export function wakeKeys(lanes: Lanes): void {
  const nowMs = lanes.ports.clock.monotonicMs();
  for (let due = takeDue(lanes.waiting, nowMs); due !== undefined; due = takeDue(lanes.waiting, nowMs)) {
    const resting = takeResting(lanes, due);
    if (resting === null) continue;
    const { lane, key, pos } = resting;
    if (lanes.rules.isHeld(lane.id)) lost(lane.keys, key);
    else void readKey(lanes, lane, key, pos - 1);
  }
}

/**
 * Lets the sweep find every key that waits for its next try: that its first item was closed may not have been heard.
 * A page at a time, unlike keys that are due: these may be all there are.
 */
export function wakeAll(lanes: Lanes): void {
  const ever = Number.POSITIVE_INFINITY;
  for (let waits = takeDue(lanes.waiting, ever); waits !== undefined; waits = takeDue(lanes.waiting, ever)) {
    const resting = takeResting(lanes, waits);
    if (resting === null) continue;
    lost(resting.lane.keys, resting.key);
    touch(lanes, resting.lane.id);
  }
}

/** A delivery was closed by somebody else: if its key waited for its next try, what stands behind it follows. */
export function withdrawn(lanes: Lanes, deliveryId: Id): void {
  const resting = takeResting(lanes, deliveryId);
  if (resting !== null) void readKey(lanes, resting.lane, resting.key, resting.pos);
}

function rest(lanes: Lanes, { id }: Lane, { deliveryId, key }: { deliveryId: Id; key: string }, delayMs: number): void {
  lanes.resting.set(deliveryId, { id, key });
  add(lanes.waiting, lanes.ports.clock.monotonicMs() + delayMs, deliveryId);
}

function takeResting(lanes: Lanes, deliveryId: Id): { lane: Lane; key: string; pos: number } | null {
  const resting = lanes.resting.get(deliveryId);
  lanes.resting.delete(deliveryId);
  const lane = resting === undefined ? undefined : lanes.byId.get(resting.id);
  const head = resting === undefined ? undefined : lane?.keys.heads.get(resting.key);
  if (resting === undefined || lane === undefined || head === undefined) return null;
  return { lane, key: resting.key, pos: head.pos };
}

/** Reads one page of the heads of a lane and takes those that nobody attends to. */
export function sweep(lanes: Lanes, lane: Lane, limits: ReadLimits): Promise<void> {
  const { id: subscriptionId, shard, keys } = lane;
  const heads = lanes.ports.store.laneHeads({ subscriptionId, shard }, keys.afterKey, limits);
  return readLane(lanes, lane, heads, (page, isGone) => {
    // Taking a head may make the sweep begin again, which must not bring the mark back.
    const { suspect } = keys;
    for (const ticket of page.tickets) {
      const { key, pos } = laneTicket(ticket).place;
      if (key === '') keys.afterKey = '';
      else if (isGone(ticket)) passedBy(keys, key);
      else if (found(keys, key, pos)) takeHead(lanes, lane, ticket, page, suspect);
    }
    pageDone(keys, page.more.length > 0);
  });
}

async function readKey(lanes: Lanes, lane: Lane, key: string, afterPos: number): Promise<void> {
  const { id: subscriptionId, shard, keys } = lane;
  try {
    let again = reading(keys, key) !== undefined;
    while (again) {
      const run = await lanes.ports.store.laneRun({ subscriptionId, shard, key }, afterPos, ONE);
      await lanes.rules.ready(run);
      if (!isCurrent(lanes, lane)) return;
      const [ticket] = run.tickets;
      again = wasRead(
        keys,
        key,
        ticket === undefined ? null : { pos: laneTicket(ticket).place.pos, more: run.more.length > 0 },
      );
      if (again) reading(keys, key);
      else if (ticket !== undefined) takeHead(lanes, lane, ticket, run, false);
    }
  } catch (error) {
    lanes.ports.log.error('lane.failed', { subscriptionId, error });
    lost(keys, key);
  }
  touch(lanes, lane.id);
}

function takeHead(lanes: Lanes, lane: Lane, ticket: Ticket, read: Tickets, suspect: boolean): void {
  const { place } = laneTicket(ticket);
  const { deliveryId } = ticket;
  const event = read.events.get(ticket.eventId);
  // In memory already, as a probe: whoever has it says when it leaves.
  if (lanes.rules.known(deliveryId)) return;
  const delayMs = event === undefined ? UNREADABLE_MS : place.notBeforeMs - read.nowMs;
  if (event === undefined || delayMs > 0) rest(lanes, lane, { deliveryId, key: place.key }, delayMs);
  else {
    const mayRepeat = lane.stillSuspect.delete(deliveryId) || suspect;
    lanes.rules.accept({ ticket, event, mayRepeat, probe: false });
  }
}
