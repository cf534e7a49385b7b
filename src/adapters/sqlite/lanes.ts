/** What waits: the due index read by cursor, and the lanes of subscriptions that are held back. */
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { ClaimCursor, LaneState, Ticket, Tickets } from '../../ports/store.ts';
import {
  blob,
  type DueRow,
  dueTicket,
  type EventRow,
  hookEvent,
  type LaneRow,
  type LaneStateRow,
  laneState,
  laneTicket,
} from './rows.ts';
import type { Writer } from './turn.ts';

export function claim(writer: Writer, input: { cursors: readonly ClaimCursor[]; limit: number }): Tickets {
  const tickets = input.cursors.flatMap((cursor) => dueAt(writer, cursor, input.limit).map(dueTicket));
  return withEvents(writer, tickets);
}

function dueAt(writer: Writer, { shard, after }: ClaimCursor, limit: number): readonly DueRow[] {
  if (after === null) return writer.db.all('due_from_start', shard, writer.nowMs, limit);
  const { dueMs, deliveryId } = after;
  const values = { shard, now: writer.nowMs, due_ms: dueMs, delivery_id: blob(deliveryId), limit };
  return writer.db.select(['due_after'], values);
}

function withEvents(writer: Writer, tickets: readonly Ticket[]): Tickets {
  const events = new Map<Id, HookEvent>();
  for (const { eventId } of tickets) {
    if (events.has(eventId)) continue;
    const row = writer.db.get<EventRow>('event_by_id', blob(eventId));
    if (row !== undefined) events.set(eventId, hookEvent(row));
  }
  return { tickets, events, nowMs: writer.nowMs };
}

export function lanes(writer: Writer, shards: readonly number[]): readonly LaneState[] {
  return shards.flatMap((shard) => writer.db.all<LaneStateRow>('lanes_of_shard', shard).map(laneState));
}

export function setLane(writer: Writer, lane: Omit<LaneState, 'sinceMs'>): void {
  const { subscriptionId, shard, reason, probeAtMs } = lane;
  writer.db.run('set_lane', blob(subscriptionId), shard, reason, writer.nowMs, probeAtMs);
}

export function closeLane(writer: Writer, lane: { subscriptionId: Id; shard: number }): boolean {
  const subscription = blob(lane.subscriptionId);
  if (writer.db.get('lane_holds', lane.shard, subscription) !== undefined) return false;
  writer.db.run('close_lane', subscription, lane.shard);
  return true;
}

export interface LaneRun {
  lane: { subscriptionId: Id; shard: number; key: string };
  afterPos: number;
  limit: number;
}

export function laneRun(writer: Writer, { lane, afterPos, limit }: LaneRun): Tickets {
  const { shard, subscriptionId, key } = lane;
  const rows = writer.db.all<LaneRow>('lane_run', shard, blob(subscriptionId), key, afterPos, limit);
  return withEvents(writer, rows.map(laneTicket));
}

export interface LaneHeads {
  lane: { subscriptionId: Id; shard: number };
  afterKey: string | null;
  limit: number;
}

export function laneHeads(writer: Writer, { lane, afterKey, limit }: LaneHeads): Tickets {
  const heads: Ticket[] = [];
  let key = afterKey;
  while (heads.length < limit) {
    const row = nextHead(writer, lane.shard, blob(lane.subscriptionId), key);
    if (row === undefined) break;
    heads.push(laneTicket(row));
    key = row.key;
  }
  return withEvents(writer, heads);
}

function nextHead(
  writer: Writer,
  shard: number,
  subscription: Uint8Array,
  afterKey: string | null,
): LaneRow | undefined {
  if (afterKey === null) return writer.db.get('lane_first_head', shard, subscription);
  return writer.db.get('lane_next_head', shard, subscription, afterKey);
}
