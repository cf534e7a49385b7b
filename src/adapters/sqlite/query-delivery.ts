/** One delivery as it stands, and its attempts. */
import { type AttemptRecord, onlyCloses } from '../../core/attempt.ts';
import type { Id } from '../../core/ids.ts';
import type { DeliveryKind, DeliveryView, LaneHold, LaneState, Ticket } from '../../ports/store.ts';
import { detailOf } from '../sql/attempt-detail.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import type { Database } from './database.ts';
import { openTicket } from './placing.ts';
import { idOrNull, type LaneStateRow, laneState } from './rows.ts';

interface AttemptRow {
  delivery_id: Uint8Array;
  n: number;
  event_id: Uint8Array;
  subscription_id: Uint8Array;
  sub_version: number;
  tenant: Uint8Array;
  at_ms: number;
  sent: number;
  outcome: number;
  code: number | null;
  class: AttemptRecord['failure'];
  response_ms: number | null;
  closes: AttemptRecord['closes'];
  detail: string;
  response_body: Uint8Array | null;
}

function attemptRecord(row: AttemptRow): AttemptRecord {
  return {
    deliveryId: idOf(row.delivery_id),
    n: row.n,
    eventId: idOf(row.event_id),
    subscriptionId: idOf(row.subscription_id),
    subscriptionVersion: row.sub_version,
    tenant: idOf(row.tenant),
    atMs: row.at_ms,
    sent: row.sent === 1,
    delivered: row.outcome === 1,
    statusCode: row.code,
    failure: row.class,
    responseTimeMs: row.response_ms,
    closes: row.closes,
    detail: detailOf(row.detail, { atMs: row.at_ms, responseBody: row.response_body }),
  };
}

export function attempts(db: Database, input: { tenant: Id; id: Id }): readonly AttemptRecord[] {
  const records = db.all<AttemptRow>('attempts', blob(input.id)).map(attemptRecord);
  return records.filter((record) => record.tenant === input.tenant);
}

/** Null when there is none for this tenant, or its subscription is deleted. */
export function deliveryView(db: Database, tenant: Id, id: Id): DeliveryView | null {
  const ticket = openTicket({ db }, id);
  const last = attemptBy(db, 'last_attempt', id);
  const stands = ticket ?? last;
  if (stands === null || db.get('subscription_hidden', blob(stands.subscriptionId)) !== undefined) return null;
  const event = eventSummary(db, stands.eventId);
  if (event === null || event.tenant !== tenant) return null;
  return {
    deliveryId: id,
    subscriptionId: stands.subscriptionId,
    event,
    ...originOf(db, id),
    open: ticket === null ? null : { place: ticket.place, hold: holdOf(db, ticket) },
    attempts: db.get<{ count: number }>('sent_attempts', blob(id))?.count ?? 0,
    last,
    tried: last !== null && onlyCloses(last) ? attemptBy(db, 'attempt_before_last', id) : last,
  };
}

function attemptBy(db: Database, statement: string, id: Id): AttemptRecord | null {
  const row = db.get<AttemptRow>(statement, blob(id));
  return row === undefined ? null : attemptRecord(row);
}

export function delivery(db: Database, input: { tenant: Id; id: Id }): DeliveryView | null {
  return deliveryView(db, input.tenant, input.id);
}

function eventSummary(db: Database, id: Id): DeliveryView['event'] | null {
  type Row = { id: Uint8Array; tenant: Uint8Array; type: string; owner: string | null; accepted_ms: number };
  const row = db.get<Row>('event_summary', blob(id));
  if (row === undefined) return null;
  const { type, owner } = row;
  return { id: idOf(row.id), tenant: idOf(row.tenant), type, owner, acceptedAtMs: row.accepted_ms };
}

function originOf(db: Database, id: Id): { kind: DeliveryKind; redeliverOf: Id | null } {
  const row = db.get<{ kind: DeliveryKind; of: Uint8Array | null }>('redelivery', blob(id));
  return row === undefined ? { kind: 'first', redeliverOf: null } : { kind: row.kind, redeliverOf: idOrNull(row.of) };
}

function holdOf(db: Database, { place, subscriptionId }: Ticket): LaneHold | null {
  const state = place.kind === 'lane' ? lane(db, { subscriptionId, shard: place.shard }) : null;
  return state === null ? null : { reason: state.reason, sinceMs: state.sinceMs, probeAtMs: state.probeAtMs };
}

/** The state of one lane; null when there is none. */
export function lane(db: Database, { subscriptionId, shard }: { subscriptionId: Id; shard: number }): LaneState | null {
  const row = db.get<LaneStateRow>('lane_state', blob(subscriptionId), shard);
  return row === undefined ? null : laneState(row);
}

export function openTickets(db: Database, input: { subscriptionId: Id; limit: number }): readonly Ticket[] {
  const values = { subscription: blob(input.subscriptionId), limit: input.limit };
  const rows = db.select<{ id: Uint8Array }>(['open_of_subscription'], values);
  return rows.flatMap(({ id }) => openTicket({ db }, idOf(id)) ?? []);
}
