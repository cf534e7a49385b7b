import { type AttemptRecord, type DeliveryStatus, onlyCloses } from '../../core/attempt.ts';
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import { idMs } from '../../core/ids.ts';
import { receives } from '../../core/owner.ts';
import type {
  DeliveryQuery,
  DeliveryView,
  EventQuery,
  LaneHold,
  Paging,
  ReceiptQuery,
  StoredEvent,
  StoredReceipt,
  Ticket,
} from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import type { Ordered } from './ordered.ts';
import { heldOf } from './receipts.ts';
import type { Delivery, Tables } from './tables.ts';

/** One page of what matches, greatest id first. */
function page<V>(table: Ordered<Id, V>, paging: Paging, matches: (value: V) => boolean): V[] {
  const { after, before = null, offset = 0, limit } = paging;
  if (after !== undefined) return [...table.after(after).filter(matches).take(limit)].reverse();
  const skipped = before === null ? offset : 0;
  return [...table.before(before).filter(matches).drop(skipped).take(limit)];
}

/** Whether a time lies in [sinceMs, untilMs). */
function isWithin(ms: number, { sinceMs, untilMs }: { sinceMs?: number; untilMs?: number }): boolean {
  return ms >= (sinceMs ?? Number.NEGATIVE_INFINITY) && ms < (untilMs ?? Number.POSITIVE_INFINITY);
}

/** Whether a filter is not set or names exactly this value. */
function asks<T>(wanted: T | undefined, value: T): boolean {
  return wanted === undefined || wanted === value;
}

export function events(tables: Tables, query: EventQuery): HookEvent[] {
  const found = page(tables.events, query, ({ event }) => {
    const isTheirs = event.tenant === query.tenant && isWithin(idMs(event.id), query);
    return isTheirs && asks(query.type, event.type) && receives(query.owner ?? null, event.owner);
  });
  return copyOf(found.map((stored) => stored.event));
}

export function event(tables: Tables, tenant: Id, id: Id): StoredEvent | null {
  const stored = tables.events.get(id);
  return stored?.event.tenant === tenant ? copyOf(stored) : null;
}

export function deliveries(tables: Tables, query: DeliveryQuery): DeliveryView[] {
  const found = page(tables.deliveries, query, (delivery) => {
    const isTheirs = isShown(tables, query.tenant, delivery) && isWithin(idMs(delivery.deliveryId), query);
    const isAsked = asks(query.subscriptionId, delivery.subscriptionId) && asks(query.eventId, delivery.eventId);
    if (!isTheirs || !isAsked || !hasStatus(delivery, query.status)) return false;
    return asks(query.type, tables.events.get(delivery.eventId)?.event.type);
  });
  return found.map((delivery) => viewOf(tables, delivery));
}

export function delivery(tables: Tables, tenant: Id, id: Id): DeliveryView | null {
  const found = tables.deliveries.get(id);
  return found !== undefined && isShown(tables, tenant, found) ? viewOf(tables, found) : null;
}

/** The history of a deleted subscription is hidden. */
function isShown(tables: Tables, tenant: Id, { tenant: theirs, subscriptionId }: Delivery): boolean {
  return tenant === theirs && tables.subscriptions.get(subscriptionId)?.deleted !== true;
}

const UNDELIVERED: ReadonlySet<DeliveryStatus> = new Set(['pending', 'failed_retry', 'failed_permanent', 'expired']);

function hasStatus(found: Delivery, wanted: DeliveryQuery['status']): boolean {
  if (wanted === undefined) return true;
  const status = statusOf(found);
  return wanted === 'undelivered' ? UNDELIVERED.has(status) : wanted === status;
}

function statusOf({ ticket, attempts }: Delivery): DeliveryStatus {
  if (ticket !== null) return ticket.n === 0 ? 'pending' : 'failed_retry';
  const closes = attempts.at(-1)?.closes ?? null;
  if (closes === null) throw new TypeError('a delivery is neither open nor closed');
  return closes;
}

function viewOf(tables: Tables, { deliveryId, subscriptionId, eventId, kind, of, ticket, attempts }: Delivery) {
  const stored = tables.events.get(eventId);
  if (stored === undefined) throw new TypeError(`no event ${eventId}`);
  const { id, tenant, type, owner, acceptedAtMs } = stored.event;
  const view: DeliveryView = {
    deliveryId,
    subscriptionId,
    event: { id, tenant, type, owner, acceptedAtMs },
    kind,
    redeliverOf: of,
    open: ticket === null ? null : { place: ticket.place, hold: holdOf(tables, ticket) },
    attempts: attempts.filter((attempt) => attempt.sent).length,
    last: attempts.at(-1) ?? null,
    tried: attempts.findLast((attempt) => !onlyCloses(attempt)) ?? null,
  };
  return copyOf(view);
}

function holdOf(tables: Tables, { place, subscriptionId }: Ticket): LaneHold | null {
  const state = place.kind === 'lane' ? tables.lanes.get(subscriptionId)?.state : undefined;
  return state === undefined ? null : { reason: state.reason, sinceMs: state.sinceMs, probeAtMs: state.probeAtMs };
}

export function attempts(tables: Tables, tenant: Id, deliveryId: Id): AttemptRecord[] {
  const found = tables.deliveries.get(deliveryId);
  return found?.tenant === tenant ? copyOf(found.attempts) : [];
}

export function receipts(tables: Tables, query: ReceiptQuery): StoredReceipt[] {
  const found = page(tables.receipts, query, ({ receipt: { id, tenant, sourceId, outcome } }) => {
    const isTheirs = tenant === query.tenant && isWithin(idMs(id), query);
    return isTheirs && asks(query.sourceId, sourceId) && asks(query.outcome, outcome);
  });
  return found.map(({ receipt, ...rest }) =>
    copyOf({ ...rest, receipt: { ...receipt, body: receipt.body.subarray(0, query.maxBodyBytes) } }),
  );
}

export function receipt(tables: Tables, tenant: Id, id: Id): StoredReceipt | null {
  const stored = tables.receipts.get(id);
  return stored?.receipt.tenant === tenant ? copyOf(stored) : null;
}

export function heldReceipts(
  tables: Tables,
  sourceId: Id,
  limits: { receipts: number; bytes: number },
): StoredReceipt[] {
  // The order of ids stays where times are the same.
  const oldestFirst = heldOf(tables, sourceId).sort((a, b) => a.receipt.receivedAtMs - b.receipt.receivedAtMs);
  let bytes = 0;
  const fitting = oldestFirst.slice(0, limits.receipts).findIndex(({ receipt: { body } }, at) => {
    bytes += body.length;
    return at > 0 && bytes > limits.bytes;
  });
  return copyOf(oldestFirst.slice(0, fitting === -1 ? limits.receipts : fitting));
}
