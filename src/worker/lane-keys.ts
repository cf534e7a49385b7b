/** The ordered part of a lane: the first item of each key in its turn, the next one when it is closed (O1). */
import { takeDue, add as wait } from '../core/timeline.ts';
import type { Place, ReadLimits, SettleOutcome, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import { type Lane, type Lanes, laneTicket, touch } from './lane.ts';
import { arrived, closed, found, lost, pageDone, reading, wasRead } from './ordered-keys.ts';

type LanePlace = Extract<Place, { kind: 'lane' }>;

/** One item: its own limit is that of an event. */
const ONE: ReadLimits = { tickets: 1, bytes: 1 };

/** An item came in under a key: sent straight on when nothing of its key is open. */
export function keyedArrived(lanes: Lanes, lane: Lane, item: Pick<Item, 'ticket' | 'event'>, place: LanePlace): void {
  if (lanes.rules.room(lane.id) === 0) {
    // Held, or enough in memory: the sweep finds it when there is room.
    if (!lane.keys.heads.has(place.key)) lost(lane.keys, place.key);
    else arrived(lane.keys, place.key, place.pos);
    touch(lanes, lane.id);
    return;
  }
  if (arrived(lane.keys, place.key, place.pos)) lanes.rules.accept({ ...item, mayRepeat: false, probe: false });
  else if (!lane.keys.swept) touch(lanes, lane.id);
}

/** The first item of a key left memory: the next one follows, or the same one again when it is due. */
export function keyedLeft(
  lanes: Lanes,
  lane: Lane,
  place: LanePlace,
  outcome: SettleOutcome | null,
  delayMs: number | null,
): void {
  const { key, pos } = place;
  if (outcome?.kind !== 'settled') lost(lane.keys, key);
  else if (outcome.ticket === null) {
    if (closed(lane.keys, key)) void readKey(lanes, lane, key, pos);
  } else {
    wait(lanes.waiting, lanes.ports.clock.monotonicMs() + (delayMs ?? 0), { id: lane.id, key });
  }
}

/** Reads the keys whose first item has become due. */
export function wakeKeys(lanes: Lanes): void {
  const nowMs = lanes.ports.clock.monotonicMs();
  for (let due = takeDue(lanes.waiting, nowMs); due !== undefined; due = takeDue(lanes.waiting, nowMs)) {
    const lane = lanes.byId.get(due.id);
    const head = lane?.keys.heads.get(due.key);
    if (lane === undefined || head === undefined) continue;
    if (lanes.rules.isHeld(lane.id)) lost(lane.keys, due.key);
    else void readKey(lanes, lane, due.key, head.pos - 1);
  }
}

/** Reads one page of the heads of a lane and takes those that nobody attends to. */
export async function sweep(lanes: Lanes, lane: Lane, limits: ReadLimits): Promise<void> {
  const { id: subscriptionId, shard, keys } = lane;
  const page = await lanes.ports.store.laneHeads({ subscriptionId, shard }, keys.afterKey, limits);
  await lanes.rules.ready(page.events);
  const suspect = keys.suspect;
  for (const ticket of page.tickets) {
    const { key, pos } = laneTicket(ticket).place;
    if (key === '') keys.afterKey = '';
    else if (found(keys, key, pos)) takeHead(lanes, lane, ticket, page, suspect);
  }
  if (pageDone(keys, page.more.length > 0)) lane.touched = true;
}

async function readKey(lanes: Lanes, lane: Lane, key: string, afterPos: number): Promise<void> {
  const { id: subscriptionId, shard, keys } = lane;
  try {
    let again = reading(keys, key) !== undefined;
    while (again) {
      const run = await lanes.ports.store.laneRun({ subscriptionId, shard, key }, afterPos, ONE);
      await lanes.rules.ready(run.events);
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

function takeHead(lanes: Lanes, lane: Lane, ticket: Ticket, read: Tickets, mayRepeat: boolean): void {
  const { place } = laneTicket(ticket);
  const event = read.events.get(ticket.eventId);
  // In memory already, as a probe: whoever has it says when it leaves.
  if (lanes.rules.known(ticket.deliveryId)) return;
  if (event === undefined) lost(lane.keys, place.key);
  else if (place.notBeforeMs > read.nowMs) {
    const dueMs = lanes.ports.clock.monotonicMs() + (place.notBeforeMs - read.nowMs);
    wait(lanes.waiting, dueMs, { id: lane.id, key: place.key });
  } else lanes.rules.accept({ ticket, event, mayRepeat, probe: false });
}
