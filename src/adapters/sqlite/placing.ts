/** Putting deliveries where they wait: into the due index or, held, into their subscription's lane. */
import type { Id } from '../../core/ids.ts';
import { shardOf } from '../../core/ids.ts';
import type { HoldReason, Ticket } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import type { DeliveryPacket, Spot } from './packets.ts';
import { type DueRow, dueTicket, type LaneRow, laneTicket } from './rows.ts';
import type { Writer } from './turn.ts';

/** An open delivery about to be put somewhere. */
export interface Item {
  shard: number;
  deliveryId: Uint8Array;
  eventId: Uint8Array;
  subscriptionId: Uint8Array;
  n: number;
  flags: number;
}

export function placeNew(writer: Writer, delivery: DeliveryPacket, eventId: Uint8Array, flags: number): Spot {
  const [deliveryId, subscriptionId, , delayMs, holdReason, holdKey] = delivery;
  const shard = shardOf(subscriptionId, writer.shards);
  const item = { shard, deliveryId: blob(deliveryId), eventId, subscriptionId: blob(subscriptionId), n: 0, flags };
  return holdReason === null
    ? placeDue(writer, item, delayMs)
    : placeInLane(writer, item, delayMs, holdReason, holdKey);
}

export function placeDue(writer: Writer, item: Item, delayMs: number): number {
  const dueMs = writer.nowMs + delayMs;
  const { shard, deliveryId, eventId, subscriptionId, n, flags } = item;
  writer.db.run('insert_due', shard, dueMs, deliveryId, eventId, subscriptionId, n, flags);
  return dueMs;
}

/** Behind everything that waits in the lane; a lane without a state gets one with `reason`. */
export function placeInLane(writer: Writer, item: Item, delayMs: number, reason: HoldReason, key: string): Spot {
  const notBeforeMs = writer.nowMs + delayMs;
  const { shard, deliveryId, eventId, subscriptionId, n, flags } = item;
  const pos = nextPos(writer);
  writer.db.run('insert_lane', shard, subscriptionId, key, pos, deliveryId, eventId, n, notBeforeMs, flags);
  writer.db.run('open_lane', subscriptionId, shard, reason, writer.nowMs);
  return [pos, notBeforeMs];
}

/** Positions are taken from the engine in blocks; what a restart or a rollback leaves of one is a gap. */
const POS_BLOCK = 1024;

/** A position above every one ever given, in whichever lane: it never goes back, also when a lane was empty. */
function nextPos(writer: Writer): number {
  const { known } = writer;
  if (known.nextPos === known.endPos) {
    const last = writer.db.get<{ value: number }>('reserve_pos', POS_BLOCK, POS_BLOCK)?.value ?? 0;
    known.nextPos = last - POS_BLOCK + 1;
    known.endPos = last + 1;
  }
  known.nextPos += 1;
  return known.nextPos - 1;
}

/** The ticket of a delivery while it is open. */
export function openTicket(writer: Pick<Writer, 'db'>, deliveryId: Id): Ticket | null {
  const id = blob(deliveryId);
  const due = writer.db.get<DueRow>('due_of_delivery', id);
  if (due !== undefined) return dueTicket(due);
  const lane = writer.db.get<LaneRow>('lane_of_delivery', id);
  return lane === undefined ? null : laneTicket(lane);
}

/** Whether a delivery was ever made, open or closed. */
export function deliveryExists(writer: Writer, deliveryId: Id): boolean {
  const id = blob(deliveryId);
  return writer.db.get('delivery_exists', id, id, id) !== undefined;
}
