/**
 * Listing deliveries: a merge of what is due, what waits in lanes and what an attempt has closed. A
 * delivery is in exactly one of the three.
 */
import type { Id } from '../../core/ids.ts';
import type { DeliveryQuery, DeliveryView } from '../../ports/store.ts';
import { closingOf, matches, type Part, partsOf } from '../sql/delivery-parts.ts';
import { inOrder, orderOf, shownFrom, skippedOf } from '../sql/order.ts';
import { targetsOf } from '../sql/targets.ts';
import type { Session } from './database.ts';
import { rangeOf } from './page.ts';
import { deliveryViews } from './query-delivery.ts';

/** In one snapshot: a delivery that moves between two of the three is in one of them. */
export async function deliveries(session: Session, query: DeliveryQuery): Promise<readonly DeliveryView[]> {
  if (query.eventId !== undefined) return ofEvent(session, query, query.eventId);
  const ids: Id[] = [];
  for (const part of partsOf(query.status)) ids.push(...(await idsOf(session, query, part)));
  const [order, skipped] = [orderOf(query), skippedOf(query)];
  const page = inOrder(ids, order).slice(skipped, skipped + query.limit);
  return deliveryViews(session, query.tenant, shownFrom(page, order));
}

async function idsOf(session: Session, query: DeliveryQuery, part: Part): Promise<readonly Id[]> {
  const { tenant, subscriptionId, type } = query;
  const ofType = type === undefined ? [] : ['deliveries.type'];
  const walk = walkOf(query, part);
  const pieces = [
    ...part.pieces,
    `deliveries.range${walk}`,
    ...ofType,
    'deliveries.visible',
    `deliveries.${orderOf(query)}${walk}`,
  ];
  const filters = { subscription: subscriptionId ?? null, type: type ?? null, closes: closingOf(query.status) };
  const values = { ...rangeOf(query), ...filters, tenant, limit: skippedOf(query) + query.limit };
  return (await session.rows<{ id: Id }>(pieces, values)).map(({ id }) => id);
}

/** Of whose deliveries there is an index, as the pieces that walk it are named; of nobody's, all are walked. */
function walkOf({ subscriptionId }: DeliveryQuery, { table }: Part): '' | '_of_subscription' | '_of_tenant' {
  if (subscriptionId !== undefined) return '_of_subscription';
  return table === 'attempt_undelivered' ? '_of_tenant' : '';
}

/** Deliveries of one event that are looked at in one statement. */
const SLICE = 200;

/** An event names its own first deliveries; the others stand in `redelivery`. */
async function ofEvent(session: Session, query: DeliveryQuery, eventId: Id): Promise<readonly DeliveryView[]> {
  const { tenant } = query;
  const row = await session.row<{ targets: Uint8Array }>('event_targets', { id: eventId, tenant });
  if (row === undefined) return [];
  const made = await session.rows<{ id: Id }>('redeliveries_of_event', { event: eventId });
  const all = [
    ...targetsOf(row.targets)
      .slice()
      .map(({ deliveryId }) => deliveryId),
    ...made.map(({ id }) => id),
  ];
  const { from, below } = rangeOf(query);
  const [order, skipped] = [orderOf(query), skippedOf(query)];
  const within = all.filter((id) => id >= from && id < below);
  const ids = inOrder(within, order);
  const found: DeliveryView[] = [];
  for (let at = 0; at < ids.length && found.length < skipped + query.limit; at += SLICE) {
    const views = await deliveryViews(session, tenant, ids.slice(at, at + SLICE));
    found.push(...views.filter((view) => matches(view, query)));
  }
  return shownFrom(found.slice(skipped, skipped + query.limit), order);
}
