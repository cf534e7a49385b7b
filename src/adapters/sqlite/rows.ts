/** Rows of the tables that open deliveries and events live in, and the objects they stand for. */
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { DeliveryKind, HoldReason, LaneState, Ticket } from '../../ports/store.ts';

const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0);
/** Where the first digit of each byte stands in the canonical form. */
const DIGITS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** An id as its 16 bytes. Measured: 0.05 µs; by way of `Buffer.from(…, 'hex')` 0.19 µs, fifteen times a delivery. */
export function blob(id: Id): Uint8Array {
  const bytes = new Uint8Array(16);
  writeId(bytes, id, 0);
  return bytes;
}

/** Writes the 16 bytes of an id from `start` on. */
export function writeId(bytes: Uint8Array, id: Id, start: number): void {
  let at = start;
  for (const digit of DIGITS) {
    const high = NIBBLES[id.charCodeAt(digit)] ?? 0;
    bytes[at++] = (high << 4) | (NIBBLES[id.charCodeAt(digit + 1)] ?? 0);
  }
}

export function blobOrNull(id: Id | null): Uint8Array | null {
  return id === null ? null : blob(id);
}

/** 16 bytes as the id they are. */
export function idOf(bytes: Uint8Array): Id {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function idOrNull(bytes: Uint8Array | null): Id | null {
  return bytes === null ? null : idOf(bytes);
}

const KINDS: readonly DeliveryKind[] = ['first', 'redelivery', 'replay', 'test'];

/** The number that stands for a kind of delivery in `flags`. */
export function flagsOf(kind: DeliveryKind): number {
  return KINDS.indexOf(kind);
}

function kindOf(flags: number): DeliveryKind {
  return KINDS[flags] ?? 'first';
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
