/** Rows of the tables that open deliveries and events live in, and the objects they stand for. */
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { HoldReason, LaneState, Ticket } from '../../ports/store.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import { kindOf } from '../sql/kinds.ts';

export function blobOrNull(id: Id | null): Uint8Array | null {
  return id === null ? null : blob(id);
}

export function idOrNull(bytes: Uint8Array | null): Id | null {
  return bytes === null ? null : idOf(bytes);
}

interface OpenRow {
  shard: number;
  delivery_id: Uint8Array;
  event_id: Uint8Array;
  subscription_id: Uint8Array;
  n: number;
  flags: number;
}

export interface DueRow extends OpenRow {
  due_ms: number;
}

export interface LaneRow extends OpenRow {
  key: string;
  pos: number;
  not_before_ms: number;
}

export function dueTicket(row: DueRow): Ticket {
  return { ...ticketOf(row), place: { kind: 'due', shard: row.shard, dueMs: row.due_ms } };
}

export function laneTicket(row: LaneRow): Ticket {
  const { shard, key, pos } = row;
  return { ...ticketOf(row), place: { kind: 'lane', shard, key, pos, notBeforeMs: row.not_before_ms } };
}

function ticketOf(row: OpenRow): Omit<Ticket, 'place'> {
  return {
    deliveryId: idOf(row.delivery_id),
    eventId: idOf(row.event_id),
    subscriptionId: idOf(row.subscription_id),
    n: row.n,
    kind: kindOf(row.flags),
  };
}

export interface LaneStateRow {
  subscription_id: Uint8Array;
  shard: number;
  reason: HoldReason;
  since_ms: number;
  probe_at_ms: number | null;
}

export function laneState(row: LaneStateRow): LaneState {
  return {
    subscriptionId: idOf(row.subscription_id),
    shard: row.shard,
    reason: row.reason,
    sinceMs: row.since_ms,
    probeAtMs: row.probe_at_ms,
  };
}

export interface EventRow {
  id: Uint8Array;
  tenant: Uint8Array;
  owner: string | null;
  type: string;
  external_id: string | null;
  ordering_key: string | null;
  tags: string;
  headers: string;
  occurred_ms: number;
  accepted_ms: number;
  source_kind: HookEvent['source']['kind'];
  source_id: Uint8Array | null;
  body: Uint8Array;
}

export function hookEvent(row: EventRow): HookEvent {
  return {
    id: idOf(row.id),
    tenant: idOf(row.tenant),
    type: row.type,
    owner: row.owner,
    externalId: row.external_id,
    orderingKey: row.ordering_key,
    tags: JSON.parse(row.tags),
    headers: JSON.parse(row.headers),
    occurredAtMs: row.occurred_ms,
    acceptedAtMs: row.accepted_ms,
    source: { kind: row.source_kind, id: idOrNull(row.source_id) },
    data: row.body,
  };
}
