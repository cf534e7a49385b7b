/**
 * The hot requests as they cross to the writer: flat arrays without keys, JSON already made, bodies in allocations of
 * their own. Measured on two cores: an event with one target costs 0.8 µs to clone both ways as an array, 2.7 to 6 µs
 * as an object; and cloning a view copies all of the buffer below it.
 */
import type { AttemptRecord } from '../../core/attempt.ts';
import { type HookEvent, madeAtOnce } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import { shardOf } from '../../core/ids.ts';
import type {
  DeliveryKind,
  EventAppend,
  HoldReason,
  IdempotencyClaim,
  NewDelivery,
  Next,
  Place,
  Settlement,
  Ticket,
} from '../../ports/store.ts';
import { detailColumn } from '../sql/attempt-detail.ts';
import { blob } from '../sql/id-bytes.ts';
import { flagsOf } from '../sql/kinds.ts';
import { packTargets } from '../sql/targets.ts';
import type { Value } from './database.ts';
import { blobOrNull } from './rows.ts';

/** Where a delivery was put: its due time, or its place in the lane. */
export type Spot = number | readonly [pos: number, notBeforeMs: number];

export type EventPacket = readonly [
  id: Id,
  tenant: Id,
  owner: string | null,
  type: string,
  externalId: string | null,
  orderingKey: string | null,
  tags: string,
  headers: string,
  occurredMs: number,
  acceptedMs: number,
  sourceKind: string,
  sourceId: Id | null,
  data: Uint8Array,
];

export type DeliveryPacket = readonly [
  deliveryId: Id,
  subscriptionId: Id,
  subscriptionVersion: number,
  delayMs: number,
  holdReason: HoldReason | null,
  holdKey: string,
];

/** All targets in their stored form, and the deliveries made at once: 10,000 of these took 5 ms to clone. */
export type DeliveriesPacket = readonly [targets: Uint8Array | null, made: readonly DeliveryPacket[]];

export type AppendPacket = readonly [
  event: EventPacket,
  deliveries: DeliveriesPacket,
  configVersion: number,
  claims: readonly IdempotencyClaim[],
];

export type AttemptPacket = readonly [
  n: number,
  subscriptionVersion: number,
  tenant: Id,
  atMs: number,
  sent: number,
  delivered: number,
  statusCode: number | null,
  failure: string | null,
  responseTimeMs: number | null,
  closes: string | null,
  detail: string,
  responseBody: Uint8Array | null,
];

/** null closes; one number retries after that delay; three values park. */
export type NextPacket =
  | null
  | readonly [delayMs: number]
  | readonly [delayMs: number, reason: HoldReason, key: string];

export type SettlementPacket = readonly [
  shard: number,
  place: number | readonly [key: string, pos: number, notBeforeMs: number],
  deliveryId: Id,
  eventId: Id,
  subscriptionId: Id,
  n: number,
  flags: number,
  attempt: AttemptPacket | null,
  next: NextPacket,
];

/** Bytes in an allocation of their own. */
export function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function packEvent(event: HookEvent): EventPacket {
  return [
    event.id,
    event.tenant,
    event.owner,
    event.type,
    event.externalId,
    event.orderingKey,
    event.tags.length === 0 ? '[]' : JSON.stringify(event.tags),
    JSON.stringify(event.headers),
    event.occurredAtMs,
    event.acceptedAtMs,
    event.source.kind,
    event.source.id,
    own(event.data),
  ];
}

export function packDelivery(delivery: NewDelivery): DeliveryPacket {
  const { deliveryId, subscriptionId, subscriptionVersion, delayMs, hold } = delivery;
  return [deliveryId, subscriptionId, subscriptionVersion, delayMs, hold?.reason ?? null, hold?.key ?? ''];
}

export function packAppend(
  append: EventAppend,
  configVersion: number,
  claims: readonly IdempotencyClaim[],
): AppendPacket {
  return [packEvent(append.event), packDeliveries(append.deliveries), configVersion, claims.map(ownClaim)];
}

function packDeliveries(deliveries: readonly NewDelivery[]): DeliveriesPacket {
  const made = madeAtOnce(deliveries).map(packDelivery);
  // The writer packs the targets of a few from their rows.
  return [made.length === deliveries.length ? null : packTargets(deliveries.map(packDelivery)), made];
}

export function ownClaim(claim: IdempotencyClaim): IdempotencyClaim {
  return { ...claim, bodyHash: own(claim.bodyHash), answer: own(claim.answer) };
}

/** Throws for a settlement that contradicts itself: that is a bug of the caller. */
export function packSettlement(settlement: Settlement): SettlementPacket {
  const { ticket, attempt, next } = settlement;
  if (next.kind === 'close' && !attempt?.closes) throw new Error(`closing ${ticket.deliveryId} without saying how`);
  const { place } = ticket;
  return [
    place.shard,
    place.kind === 'due' ? place.dueMs : [place.key, place.pos, place.notBeforeMs],
    ticket.deliveryId,
    ticket.eventId,
    ticket.subscriptionId,
    ticket.n,
    flagsOf(ticket.kind),
    attempt === null ? null : packAttempt(attempt),
    packNext(next),
  ];
}

function packNext(next: Next): NextPacket {
  switch (next.kind) {
    case 'close':
      return null;
    case 'retry':
      return [next.delayMs];
    case 'park':
      return [next.delayMs, next.hold.reason, next.hold.key];
  }
}

function packAttempt(attempt: AttemptRecord): AttemptPacket {
  const { responseBody } = attempt.detail;
  return [
    attempt.n,
    attempt.subscriptionVersion,
    attempt.tenant,
    attempt.atMs,
    Number(attempt.sent),
    Number(attempt.delivered),
    attempt.statusCode,
    attempt.failure,
    attempt.responseTimeMs,
    attempt.closes,
    detailColumn(attempt),
    responseBody === null ? null : own(responseBody),
  ];
}

/** The values of a row of `event`, in the order of `insert_event`. */
export function eventValues(event: EventPacket, configVersion: number, targets: Uint8Array): readonly Value[] {
  const [id, tenant, owner, type, externalId, orderingKey, tags, headers, occurredMs, acceptedMs, kind, source, data] =
    event;
  const origin = [tags, headers, occurredMs, acceptedMs, kind, blobOrNull(source)];
  return [blob(id), blob(tenant), owner, type, externalId, orderingKey, ...origin, configVersion, targets, data];
}

/** The values of a row of `attempt`, in the order of `insert_attempt`. */
export function attemptValues(settlement: SettlementPacket, attempt: AttemptPacket): readonly Value[] {
  const [, , deliveryId, eventId, subscriptionId] = settlement;
  const [n, version, tenant, ...rest] = attempt;
  return [blob(deliveryId), n, blob(eventId), blob(subscriptionId), version, blob(tenant), ...rest];
}

/** The ticket of a delivery that was just put somewhere. */
export function ticketAt(delivery: NewDelivery, eventId: Id, kind: DeliveryKind, spot: Spot, shards: number): Ticket {
  const { deliveryId, subscriptionId } = delivery;
  const place = placeAt(spot, shardOf(subscriptionId, shards), delivery.hold?.key ?? '');
  return { deliveryId, eventId, subscriptionId, n: 0, kind, place };
}

export function placeAt(spot: Spot, shard: number, key: string): Place {
  if (typeof spot === 'number') return { kind: 'due', shard, dueMs: spot };
  const [pos, notBeforeMs] = spot;
  return { kind: 'lane', shard, key, pos, notBeforeMs };
}
