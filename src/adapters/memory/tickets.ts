import type { Id } from '../../core/ids.ts';
import { shardOf } from '../../core/ids.ts';
import type { DeliveryKind, Hold, LaneState, NewDelivery, Place, Ticket } from '../../ports/store.ts';
import type { Lane, Tables } from './tables.ts';
import { createLane, onShard } from './tables.ts';

/** What a new delivery comes from. */
export interface Making {
  tenant: Id;
  eventId: Id;
  kind: DeliveryKind;
  of: Id | null;
}

/** Opens a new delivery; null when this id was opened before, whatever became of it. */
export function openDelivery(tables: Tables, making: Making, fresh: NewDelivery): Ticket | null {
  const { deliveryId, subscriptionId } = fresh;
  if (tables.deliveries.get(deliveryId) !== undefined) return null;
  const { eventId, kind } = making;
  const place = fresh.hold === null ? duePlace(tables, fresh) : lanePlace(tables, fresh, fresh.hold);
  const ticket: Ticket = { deliveryId, eventId, subscriptionId, n: 0, kind, place };
  tables.deliveries.set(deliveryId, { ...making, deliveryId, subscriptionId, ticket: null, attempts: [] });
  return putTicket(tables, ticket);
}

/** The place in the due index of what is to be sent `delayMs` from now. */
export function duePlace(tables: Tables, waiting: { subscriptionId: Id; delayMs: number }): Place {
  const shard = shardOf(waiting.subscriptionId, tables.shards);
  return { kind: 'due', shard, dueMs: tables.nowMs() + waiting.delayMs };
}

/** A place at the end of the lane, which gets its state from `hold` when it has none yet. */
export function lanePlace(tables: Tables, waiting: { subscriptionId: Id; delayMs: number }, hold: Hold): Place {
  const { subscriptionId, delayMs } = waiting;
  const shard = shardOf(subscriptionId, tables.shards);
  laneFor(tables, { subscriptionId, shard, reason: hold.reason, probeAtMs: null });
  tables.lastPos += 1;
  return { kind: 'lane', shard, key: hold.key, pos: tables.lastPos, notBeforeMs: tables.nowMs() + delayMs };
}

/** The lane of a subscription, made in the given state when there is none. */
export function laneFor(tables: Tables, state: Omit<LaneState, 'sinceMs'>): Lane {
  const found = tables.lanes.get(state.subscriptionId);
  if (found !== undefined) return found;
  const made = createLane({ ...state, sinceMs: tables.nowMs() });
  tables.lanes.set(state.subscriptionId, made);
  return made;
}

/** Puts a ticket where its place says and makes it the open ticket of its delivery. */
export function putTicket(tables: Tables, ticket: Ticket): Ticket {
  const { place, deliveryId } = ticket;
  if (place.kind === 'due') onShard(tables.due, place.shard).set({ dueMs: place.dueMs, id: deliveryId }, ticket);
  else {
    tables.lanes.get(ticket.subscriptionId)?.items.set(place, ticket);
    onShard(tables.parked, place.shard).set(place.pos, ticket);
  }
  const delivery = tables.deliveries.get(deliveryId);
  if (delivery !== undefined) delivery.ticket = ticket;
  return ticket;
}

/** Takes exactly this ticket away; false when the delivery stands elsewhere by now. */
export function takeTicket(tables: Tables, ticket: Ticket): boolean {
  const delivery = tables.deliveries.get(ticket.deliveryId);
  const open = delivery?.ticket ?? null;
  if (delivery === undefined || open === null) return false;
  if (open.n !== ticket.n || !samePlace(open.place, ticket.place)) return false;
  delivery.ticket = null;
  const { place, deliveryId } = open;
  if (place.kind === 'due') return onShard(tables.due, place.shard).delete({ dueMs: place.dueMs, id: deliveryId });
  onShard(tables.parked, place.shard).delete(place.pos);
  return tables.lanes.get(open.subscriptionId)?.items.delete(place) ?? false;
}

function samePlace(a: Place, b: Place): boolean {
  if (a.shard !== b.shard) return false;
  if (a.kind === 'due') return b.kind === 'due' && a.dueMs === b.dueMs;
  return b.kind === 'lane' && a.key === b.key && a.pos === b.pos && a.notBeforeMs === b.notBeforeMs;
}
