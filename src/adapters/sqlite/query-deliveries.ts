/**
 * Listing deliveries: a merge of what is due, what waits in lanes and what an attempt has closed. A
 * delivery is in exactly one of the three.
 */
import type { Id } from '../../core/ids.ts';
import type { DeliveryQuery, DeliveryView } from '../../ports/store.ts';
import { closingOf, matches, type Part, partsOf } from '../sql/delivery-parts.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import { inOrder, type Order, orderOf, shownFrom, skippedOf } from '../sql/order.ts';
import { targetsOf } from '../sql/targets.ts';
import type { Database, Value } from './database.ts';
import { deliveryView } from './query-delivery.ts';
import { endOf, type IdRange, rangeOf, walk } from './walk.ts';

export function* deliveries(
  db: Database,
  query: DeliveryQuery,
): Generator<undefined, readonly DeliveryView[], undefined> {
  if (query.eventId !== undefined) return ofEvent(db, query, query.eventId);
  const parts = partsOf(query.status);
  const list = {
    end: (range: IdRange, order: Order) => {
      const ends = parts.map((part) => sliceEnd(db, query, part, range, order));
      return inWalk(ends, order)[0] ?? null;
    },
    rows: (range: IdRange, limit: number, order: Order) => {
      const ids = parts.flatMap((part) => idsOf(db, query, part, range, limit, order));
      return inWalk(ids, order).slice(0, limit);
    },
  };
  const ids = yield* walk(list, query);
  return viewsOf(db, query.tenant, ids.map(idOf));
}

type IdRow = { id: Uint8Array };

function sliceEnd(
  db: Database,
  { tenant, subscriptionId }: DeliveryQuery,
  { table }: Part,
  range: IdRange,
  order: Order,
): Uint8Array | null {
  if (subscriptionId !== undefined) {
    return endOf(db, `slices.${table}_of_subscription`, { ...range, subscription: blob(subscriptionId) }, order);
  }
  const values = table === 'attempt_undelivered' ? { ...range, tenant: blob(tenant) } : { ...range };
  return endOf(db, `slices.${table}`, values, order);
}

function idsOf(
  db: Database,
  query: DeliveryQuery,
  part: Part,
  range: IdRange,
  limit: number,
  order: Order,
): readonly Uint8Array[] {
  const { subscriptionId, type } = query;
  const pieces = [...part.pieces, ...(subscriptionId === undefined ? [] : ['deliveries.subscription'])];
  const values: Record<string, Value> = { ...range, tenant: blob(query.tenant), limit };
  if (subscriptionId !== undefined) values.subscription = blob(subscriptionId);
  if (pieces.includes('deliveries.closing')) values.closes = closingOf(query.status);
  if (type !== undefined) {
    pieces.push('deliveries.type');
    values.type = type;
  }
  return db.select<IdRow>([...pieces, 'deliveries.visible', `deliveries.${order}`], values).map((row) => row.id);
}

/** What there is of some ids, as a walk comes past them. */
function inWalk(ids: readonly (Uint8Array | null)[], order: Order): readonly Uint8Array[] {
  const ascending = ids.filter((id) => id !== null).sort(Buffer.compare);
  return order === 'oldest' ? ascending : ascending.reverse();
}

function viewsOf(db: Database, tenant: Id, ids: readonly Id[]): readonly DeliveryView[] {
  return ids.flatMap((id) => deliveryView(db, tenant, id) ?? []);
}

/** An event names its own first deliveries; the others stand in `redelivery`. */
function ofEvent(db: Database, query: DeliveryQuery, eventId: Id): readonly DeliveryView[] {
  const row = db.get<{ targets: Uint8Array }>('event', blob(eventId), blob(query.tenant));
  if (row === undefined) return [];
  const made = db.all<IdRow>('redeliveries_of_event', blob(eventId)).map(({ id }) => idOf(id));
  const targets = targetsOf(row.targets).slice();
  const order = orderOf(query);
  const ids = inOrder([...targets.map((target) => target.deliveryId), ...made], order);
  const { from, below } = rangeOf(query);
  const inRange = (id: Id) => Buffer.compare(blob(id), below) < 0 && Buffer.compare(blob(id), from) >= 0;
  const views = ids
    .values()
    .filter(inRange)
    .flatMap((id) => viewsOf(db, query.tenant, [id]));
  const page = views
    .filter((view) => matches(view, query))
    .drop(skippedOf(query))
    .take(query.limit);
  return shownFrom(page.toArray(), order);
}
