/** Events coming in: with their tickets, or with one fan-out task when there are too many. */

import type { Id } from '../../core/ids.ts';
import type {
  AppendOutcome,
  IdempotencyClaim,
  RedeliveryOutcome,
  RedeliveryRequest,
  Ticket,
} from '../../ports/store.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import { flagsOf } from '../sql/kinds.ts';
import { packTargets } from '../sql/targets.ts';
import { recordClaims, refusedClaim } from './claims.ts';
import {
  type AppendPacket,
  type DeliveriesPacket,
  type EventPacket,
  eventValues,
  packDelivery,
  type Spot,
} from './packets.ts';
import { deliveryExists, openTicket, placeNew } from './placing.ts';
import { blobOrNull } from './rows.ts';
import { makeTask } from './tasks.ts';
import { configVersion, type Writer } from './turn.ts';

/** A fresh append answers with the spots of its deliveries alone; the caller has the rest. */
export type AppendAnswer = readonly Spot[] | AppendOutcome;

/** Checks in this order: stored already, callers' keys, configuration moved on. */
export function append(writer: Writer, packet: AppendPacket): AppendAnswer {
  const [event, deliveries, decidedOn, claims] = packet;
  const refused = refusal(writer, event, decidedOn, claims);
  if (refused !== null) return refused;
  const spots = writeEvent(writer, event, deliveries, decidedOn);
  if (spots === null) return stored(writer, deliveries);
  recordClaims(writer, event[1], claims);
  return spots;
}

/**
 * Writes an event with its deliveries; null when it is stored already. The insert itself is the check for that: asking
 * first would cost each append a seek.
 */
export function writeEvent(
  writer: Writer,
  event: EventPacket,
  deliveries: DeliveriesPacket,
  decidedOn: number,
): readonly Spot[] | null {
  const [targets, made] = deliveries;
  if (writer.db.run('insert_event', ...eventValues(event, decidedOn, targets ?? packTargets(made))) === 0) return null;
  if (targets !== null) makeTask(writer, { id: event[0], tenant: event[1], kind: 'fanout', ref: event[0] });
  const id = blob(event[0]);
  return made.map((delivery) => placeNew(writer, delivery, id, flagsOf('first')));
}

function refusal(
  writer: Writer,
  event: EventPacket,
  decidedOn: number,
  claims: readonly IdempotencyClaim[],
): AppendOutcome | null {
  const current = configVersion(writer, event[1]);
  if (current === decidedOn && claims.length === 0) return null;
  if (writer.db.get('event_exists', blob(event[0])) !== undefined)
    return writer.repeated ? null : { kind: 'duplicate' };
  const refused = refusedClaim(writer, event[1], claims);
  if (refused !== null) return refused;
  return current === decidedOn ? null : { kind: 'stale', configVersion: current };
}

/** After a lost answer the event may be there by this very append: then its open tickets are handed over. */
function stored(writer: Writer, [, made]: DeliveriesPacket): AppendOutcome {
  if (!writer.repeated) return { kind: 'duplicate' };
  // What a fan-out has made so far was handed over by its task.
  return {
    kind: 'appended',
    tickets: openTickets(
      writer,
      made.map(([id]) => id),
    ),
  };
}

/** Those of these deliveries that are open. */
export function openTickets(writer: Writer, ids: readonly Id[]): readonly Ticket[] {
  return ids.flatMap((id) => openTicket(writer, id) ?? []);
}

/** A redelivery, replay or test; made once per delivery id. */
export function redeliver(writer: Writer, request: RedeliveryRequest): RedeliveryOutcome | readonly Spot[] {
  const { tenant, delivery, eventId, of, kind, by, claims } = request;
  const made = deliveryExists(writer, delivery.deliveryId);
  // After a lost answer its own claims are there too, and would hide that it was made.
  if (made && writer.repeated) return handedOver(writer, delivery.deliveryId);
  const refused = refusedClaim(writer, tenant, claims);
  if (refused !== null) return refused;
  if (!belongs(writer, 'event_tenant', [blob(eventId)], tenant)) return { kind: 'missing' };
  if (of !== null && !isDeliveryOf(writer, of, tenant)) return { kind: 'missing' };
  recordClaims(writer, tenant, claims);
  if (made) return handedOver(writer, delivery.deliveryId);
  const ids = [delivery.deliveryId, eventId, delivery.subscriptionId].map(blob);
  writer.db.run('insert_redelivery', ...ids, blobOrNull(of), kind, blobOrNull(by));
  return [placeNew(writer, packDelivery(delivery), blob(eventId), flagsOf(kind))];
}

function handedOver(writer: Writer, delivery: Id): RedeliveryOutcome {
  return { kind: 'appended', tickets: openTickets(writer, [delivery]) };
}

function belongs(writer: Writer, statement: string, values: readonly Uint8Array[], tenant: Id): boolean {
  const row = writer.db.get<{ tenant: Uint8Array }>(statement, ...values);
  return row !== undefined && idOf(row.tenant) === tenant;
}

function isDeliveryOf(writer: Writer, delivery: Id, tenant: Id): boolean {
  const [row] = writer.db.select<{ tenant: Uint8Array }>(['delivery_tenant'], { id: blob(delivery) });
  return row !== undefined && idOf(row.tenant) === tenant;
}
