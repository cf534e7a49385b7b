/** What waits: the due index read by cursor, and the lanes of subscriptions that are held back. */
import type { Id } from '../../core/ids.ts';
import type { ClaimCursor, LaneState, ReadLimits, Ticket, Tickets } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import { readWithin, type Waiting } from './reading.ts';
import { type DueRow, dueTicket, type LaneRow, type LaneStateRow, laneState, laneTicket } from './rows.ts';
import type { Writer } from './turn.ts';

/** One ticket more than may be taken tells whether there is more. */
function rowsFor(limits: ReadLimits): number {
  return limits.tickets + 1;
}

export function claim(writer: Writer, input: { cursors: readonly ClaimCursor[]; limits: ReadLimits }): Tickets {
  return readWithin(writer, input.limits, dueLines(writer, input.cursors, rowsFor(input.limits)));
}

function* dueLines(writer: Writer, cursors: readonly ClaimCursor[], limit: number): Generator<Waiting> {
  for (const cursor of cursors) yield { shard: cursor.shard, tickets: dueAt(writer, cursor, limit).map(dueTicket) };
}

function dueAt(writer: Writer, { shard, after }: ClaimCursor, limit: number): readonly DueRow[] {
  if (after === null) return writer.db.all('due_from_start', shard, writer.nowMs, limit);
  const { dueMs, deliveryId } = after;
  const values = { shard, now: writer.nowMs, due_ms: dueMs, delivery_id: blob(deliveryId), limit };
  return writer.db.select(['due_after'], values);
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
  limits: ReadLimits;
}

export function laneRun(writer: Writer, { lane, afterPos, limits }: LaneRun): Tickets {
  const { shard, subscriptionId, key } = lane;
  const rows = writer.db.all<LaneRow>('lane_run', shard, blob(subscriptionId), key, afterPos, rowsFor(limits));
  return readWithin(writer, limits, [{ shard, tickets: rows.map(laneTicket) }]);
}

export interface LaneHeads {
  lane: { subscriptionId: Id; shard: number };
  afterKey: string | null;
  limits: ReadLimits;
}

export function laneHeads(writer: Writer, { lane, afterKey, limits }: LaneHeads): Tickets {
  return readWithin(writer, limits, [{ shard: lane.shard, tickets: headsOf(writer, lane, afterKey) }]);
}

/** Steps from key to key, one seek each. */
function* headsOf(writer: Writer, lane: LaneHeads['lane'], afterKey: string | null): Generator<Ticket> {
  const at = [lane.shard, blob(lane.subscriptionId)] as const;
  let row =
    afterKey === null
      ? writer.db.get<LaneRow>('lane_first_head', ...at)
      : writer.db.get<LaneRow>('lane_next_head', ...at, afterKey);
  while (row !== undefined) {
    yield laneTicket(row);
    row = writer.db.get<LaneRow>('lane_next_head', ...at, row.key);
  }
}
