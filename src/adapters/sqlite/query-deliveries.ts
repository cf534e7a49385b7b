/**
 * Listing deliveries: a merge, newest first, of what is due, what waits in lanes and what an attempt has closed. A
 * delivery is in exactly one of the three.
 */
import type { Id } from '../../core/ids.ts';
import type { DeliveryQuery, DeliveryView } from '../../ports/store.ts';
import { closingOf, matches, type Part, partsOf } from '../sql/delivery-parts.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import { targetsOf } from '../sql/targets.ts';
import type { Database, Value } from './database.ts';
import { deliveryView } from './query-delivery.ts';
import { type IdRange, newestFirst, rangeOf, SLICE_ROWS, walk } from './walk.ts';

export function* deliveries(
  db: Database,
  query: DeliveryQuery,
): Generator<undefined, readonly DeliveryView[], undefined> {
  if (query.eventId !== undefined) return ofEvent(db, query, query.eventId);
  const parts = partsOf(query.status);
  const list = {
    floor: (range: IdRange) => highest(parts.map((part) => floorOf(db, query, part, range))),
    rows: (range: IdRange, limit: number) =>
      merged(
        parts.map((part) => idsOf(db, query, part, range, limit)),
        limit,
      ),
  };
  const ids = yield* walk(list, query);
  return viewsOf(db, query.tenant, ids.map(idOf));
}

type IdRow = { id: Uint8Array };

function floorOf(db: Database, query: DeliveryQuery, part: Part, range: IdRange): Uint8Array | null {
  const slice = { ...range, slice: SLICE_ROWS };
  if (query.subscriptionId !== undefined) {
    const values = { ...slice, subscription: blob(query.subscriptionId) };
    return db.select<IdRow>([`${part.table}_of_subscription_floor`], values)[0]?.id ?? null;
  }
  const values = part.table === 'attempt_undelivered' ? { ...slice, tenant: blob(query.tenant) } : slice;
  return db.select<IdRow>([`${part.table}_floor`], values)[0]?.id ?? null;
}

function idsOf(db: Database, query: DeliveryQuery, part: Part, range: IdRange, limit: number): readonly Uint8Array[] {
  const { subscriptionId, type } = query;
  const pieces = [...part.pieces, ...(subscriptionId === undefined ? [] : ['deliveries.subscription'])];
  const values: Record<string, Value> = { ...range, tenant: blob(query.tenant), limit };
  if (subscriptionId !== undefined) values.subscription = blob(subscriptionId);
  if (pieces.includes('deliveries.closing')) values.closes = closingOf(query.status);
  if (type !== undefined) {
    pieces.push('deliveries.type');
    values.type = type;
  }
  return db.select<IdRow>([...pieces, 'deliveries.visible'], values).map((row) => row.id);
}

function highest(floors: readonly (Uint8Array | null)[]): Uint8Array | null {
  return (
    floors
      .filter((floor) => floor !== null)
      .sort(Buffer.compare)
      .at(-1) ?? null
  );
}

function merged(parts: readonly (readonly Uint8Array[])[], limit: number): readonly Uint8Array[] {
  return parts.flat().sort(Buffer.compare).reverse().slice(0, limit);
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
  const ids = newestFirst([...targets.map((target) => target.deliveryId), ...made]);
  const { from, below } = rangeOf(query);
  const skipped = query.before === undefined ? (query.offset ?? 0) : 0;
  const inRange = (id: Id) => Buffer.compare(blob(id), below) < 0 && Buffer.compare(blob(id), from) >= 0;
  const views = ids
    .values()
    .filter(inRange)
    .flatMap((id) => viewsOf(db, query.tenant, [id]));
  return views
    .filter((view) => matches(view, query))
    .drop(skipped)
    .take(query.limit)
    .toArray();
}
