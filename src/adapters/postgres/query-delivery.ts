/** Deliveries as they stand, and their attempts. */
import { type AttemptRecord, onlyCloses } from '../../core/attempt.ts';
import type { Id } from '../../core/ids.ts';
import type { DeliveryKind, DeliveryView, HoldReason, LaneHold, Ticket } from '../../ports/store.ts';
import { detailOf } from '../sql/attempt-detail.ts';
import type { Session } from './database.ts';
import { type PlaceRow, placeOf, type TicketRow, ticketOf } from './rows.ts';

interface AttemptRow {
  delivery_id: Id;
  try_n: number;
  event_id: Id;
  subscription_id: Id;
  sub_version: number;
  tenant: Id;
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
    deliveryId: row.delivery_id,
    n: row.try_n,
    eventId: row.event_id,
    subscriptionId: row.subscription_id,
    subscriptionVersion: row.sub_version,
    tenant: row.tenant,
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

export async function attempts(session: Session, tenant: Id, id: Id): Promise<readonly AttemptRecord[]> {
  return (await session.rows<AttemptRow>('attempts', { id, tenant })).map(attemptRecord);
}

/** A delivery with the last of its attempts, whose columns are null when there is none. */
type ViewRow = Omit<AttemptRow, 'try_n'> & { try_n: number | null } & Omit<PlaceRow, 'shard'> & {
    /** null when it is closed. */
    shard: number | null;
    /** null when it does not stand in a lane. */
    hold: HoldReason | null;
    hold_since_ms: number | null;
    hold_probe_at_ms: number | null;
    event_tenant: Id;
    type: string;
    owner: string | null;
    accepted_ms: number;
    /** null for the first delivery of its event. */
    kind: DeliveryKind | null;
    of: Id | null;
    sent_attempts: number;
  };

function deliveryView(row: ViewRow): Omit<DeliveryView, 'tried'> {
  const { shard, try_n, type, owner } = row;
  return {
    deliveryId: row.delivery_id,
    subscriptionId: row.subscription_id,
    event: { id: row.event_id, tenant: row.event_tenant, type, owner, acceptedAtMs: row.accepted_ms },
    kind: row.kind ?? 'first',
    redeliverOf: row.of,
    open: shard === null ? null : { place: placeOf({ ...row, shard }), hold: holdOf(row) },
    attempts: row.sent_attempts,
    last: try_n === null ? null : attemptRecord({ ...row, try_n }),
  };
}

function holdOf({ hold, hold_since_ms, hold_probe_at_ms }: ViewRow): LaneHold | null {
  if (hold === null || hold_since_ms === null) return null;
  return { reason: hold, sinceMs: hold_since_ms, probeAtMs: hold_probe_at_ms };
}

/** Those there are for this tenant, in the order of the ids; not of subscriptions that are deleted. */
export async function deliveryViews(
  session: Session,
  tenant: Id,
  ids: readonly Id[],
): Promise<readonly DeliveryView[]> {
  const views = (await session.rows<ViewRow>('delivery_views', { ids, tenant })).map(deliveryView);
  const ended = views.flatMap(({ deliveryId, last }) => (last !== null && onlyCloses(last) ? deliveryId : []));
  const before = await attemptsBefore(session, ended);
  return views.map((view) => ({ ...view, tried: triedOf(view, before) }));
}

/** What stands before the last attempt of each, by its delivery. */
async function attemptsBefore(session: Session, ids: readonly Id[]): Promise<ReadonlyMap<Id, AttemptRecord>> {
  if (ids.length === 0) return new Map();
  const rows = await session.rows<AttemptRow>('attempts_before_last', { ids });
  return new Map(rows.map((row) => [row.delivery_id, attemptRecord(row)]));
}

function triedOf(
  { deliveryId, last }: Omit<DeliveryView, 'tried'>,
  before: ReadonlyMap<Id, AttemptRecord>,
): AttemptRecord | null {
  return last !== null && onlyCloses(last) ? (before.get(deliveryId) ?? null) : last;
}

export async function delivery(session: Session, tenant: Id, id: Id): Promise<DeliveryView | null> {
  return (await deliveryViews(session, tenant, [id]))[0] ?? null;
}

export async function openTicketsOf(session: Session, subscription: Id, limit: number): Promise<readonly Ticket[]> {
  return (await session.rows<TicketRow>('open_of_subscription', { subscription, limit })).map(ticketOf);
}
