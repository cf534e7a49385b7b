/** What waits: the due index read by cursor, and the lanes of subscriptions that are held back. */
import type { HookEvent } from '../../core/event.ts';
import { FIRST_ID, type Id } from '../../core/ids.ts';
import type { ClaimCursor, LaneState, ReadLimits, Ticket, Tickets } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { type Timed, timeOf } from './engine-time.ts';
import { lockLanes } from './locks.ts';
import { type EventRow, hookEvent, type LaneStateRow, laneState, type TicketRow, ticketOf } from './rows.ts';
import { columns, type Values } from './values.ts';

/** Before every id and every due time. */
const START = { dueMs: -1, deliveryId: FIRST_ID } as const;

export function claim(session: Session, cursors: readonly ClaimCursor[], limits: ReadLimits): Promise<Tickets> {
  const values = columns(cursors, {
    shards: ({ shard }) => shard,
    dues: ({ after }) => (after ?? START).dueMs,
    deliveries: ({ after }) => (after ?? START).deliveryId,
  });
  return readWithin(session, ['claim.due'], values, limits);
}

export function laneRun(
  session: Session,
  lane: { subscriptionId: Id; shard: number; key: string },
  afterPos: number,
  limits: ReadLimits,
): Promise<Tickets> {
  const { shard, subscriptionId, key } = lane;
  return readWithin(session, ['claim.run'], { shard, subscription: subscriptionId, key, pos: afterPos }, limits);
}

export function laneHeads(
  session: Session,
  lane: { subscriptionId: Id; shard: number },
  afterKey: string | null,
  limits: ReadLimits,
): Promise<Tickets> {
  const { shard, subscriptionId } = lane;
  const first = afterKey === null ? 'claim.heads_first' : 'claim.heads_after';
  const values = { shard, subscription: subscriptionId, key: afterKey ?? '' };
  return readWithin(session, [first, 'claim.heads'], values, limits);
}

/** `taken` false: there is more than the limits let through. The event stands with its first ticket alone. */
type WaitingRow = TicketRow & EventRow & { taken: boolean };
/** The clock comes also when nothing waits. */
type ReadRow = Timed & (WaitingRow | { shard: null });

/** The tickets of a line of pieces, with the events they point at, within limits. */
export async function readWithin(
  session: Session,
  pieces: readonly string[],
  values: Values,
  limits: ReadLimits,
): Promise<Tickets> {
  const rows = await session.rows<ReadRow>([...pieces, 'claim.within'], { ...values, ...limits });
  const tickets: Ticket[] = [];
  const events = new Map<Id, HookEvent>();
  const more = new Set<number>();
  for (const row of rows) {
    if (row.shard === null) continue;
    if (row.taken) tickets.push(ticketOf(row));
    else more.add(row.shard);
    if (row.body !== null) events.set(row.event_id, hookEvent(row));
  }
  return { tickets, events, more: [...more], nowMs: timeOf(rows[0]) };
}

export async function lanes(session: Session, shards: readonly number[]): Promise<readonly LaneState[]> {
  return (await session.rows<LaneStateRow>('lanes_of_shards', { shards })).map(laneState);
}

/** The state of one lane; null when there is none. */
export async function lane(session: Session, subscription: Id, shard: number): Promise<LaneState | null> {
  const row = await session.row<LaneStateRow>('lane_state', { subscription, shard });
  return row === undefined ? null : laneState(row);
}

export async function setLane(session: Session, lane: Omit<LaneState, 'sinceMs'>): Promise<void> {
  const { subscriptionId, shard, reason, probeAtMs } = lane;
  await session.run('set_lane', { subscription: subscriptionId, shard, reason, probe_at: probeAtMs });
}

/** In one transaction: under the lock nothing comes into the lane meanwhile. */
export async function closeLane(session: Session, subscription: Id, shard: number): Promise<boolean> {
  await lockLanes(session, [shard]);
  if ((await session.row('lane_holds', { shard, subscription })) !== undefined) return false;
  await session.run('close_lane', { subscription, shard });
  return true;
}
