/** Rows of the tables that open deliveries and events live in, and the objects they stand for. */
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { HoldReason, LaneState, Place, Ticket } from '../../ports/store.ts';
import { kindOf } from '../sql/kinds.ts';

/** Where an open delivery waits: `due_ms` in the due index, the others in a lane. */
export interface PlaceRow {
  shard: number;
  due_ms: number | null;
  key: string | null;
  pos: number | null;
  not_before_ms: number | null;
}

export interface TicketRow extends PlaceRow {
  delivery_id: Id;
  event_id: Id;
  subscription_id: Id;
  n: number;
  flags: number;
}

export function ticketOf(row: TicketRow): Ticket {
  return {
    deliveryId: row.delivery_id,
    eventId: row.event_id,
    subscriptionId: row.subscription_id,
    n: row.n,
    kind: kindOf(row.flags),
    place: placeOf(row),
  };
}

export function placeOf({ shard, due_ms, key, pos, not_before_ms }: PlaceRow): Place {
  if (due_ms !== null) return { kind: 'due', shard, dueMs: due_ms };
  return { kind: 'lane', shard, key: key ?? '', pos: pos ?? 0, notBeforeMs: not_before_ms ?? 0 };
}

export interface LaneStateRow {
  subscription_id: Id;
  shard: number;
  reason: HoldReason;
  since_ms: number;
  probe_at_ms: number | null;
}

export function laneState(row: LaneStateRow): LaneState {
  return {
    subscriptionId: row.subscription_id,
    shard: row.shard,
    reason: row.reason,
    sinceMs: row.since_ms,
    probeAtMs: row.probe_at_ms,
  };
}

export interface EventRow {
  id: Id;
  tenant: Id;
  owner: string | null;
  type: string;
  external_id: string | null;
  ordering_key: string | null;
  tags: string;
  headers: string;
  occurred_ms: number;
  accepted_ms: number;
  source_kind: HookEvent['source']['kind'];
  source_id: Id | null;
  body: Uint8Array;
}

export function hookEvent(row: EventRow): HookEvent {
  return {
    id: row.id,
    tenant: row.tenant,
    type: row.type,
    owner: row.owner,
    externalId: row.external_id,
    orderingKey: row.ordering_key,
    tags: JSON.parse(row.tags),
    headers: JSON.parse(row.headers),
    occurredAtMs: row.occurred_ms,
    acceptedAtMs: row.accepted_ms,
    source: { kind: row.source_kind, id: row.source_id },
    data: row.body,
  };
}
