/** A redelivery, replay or test; made once per delivery id. */
import type { Id } from '../../core/ids.ts';
import type { RedeliveryOutcome, RedeliveryRequest } from '../../ports/store.ts';
import { usedClaims } from './claims.ts';
import type { Session } from './database.ts';
import { deliveriesMade, openTickets } from './placing.ts';
import { lockLanesOf, NOTHING, write } from './write.ts';

/** In one transaction. `repeated`: it may have been committed before and its answer lost with the connection. */
export async function redeliver(
  session: Session,
  request: RedeliveryRequest,
  shards: number,
  repeated: boolean,
): Promise<RedeliveryOutcome> {
  const { tenant, delivery, eventId, of, kind } = request;
  await lockLanesOf(session, [delivery], shards);
  const made = (await deliveriesMade(session, [delivery.deliveryId])).has(delivery.deliveryId);
  // After a lost answer its own claims are there too, and would hide that it was made.
  if (made && repeated) return handedOver(session, delivery.deliveryId);
  const used = await usedClaims(
    session,
    request.claims.map((claim) => ({ tenant, claim })),
  );
  const refused = used.refused(tenant, request.claims);
  if (refused !== null) return refused;
  if (!(await belongs(session, 'event_tenant', eventId, tenant))) return { kind: 'missing' };
  if (of !== null && !(await belongs(session, 'delivery_tenant', of, tenant))) return { kind: 'missing' };
  const claims = used.take(tenant, request.claims);
  if (!made) await noteOrigin(session, request);
  const tickets = await write(
    session,
    { ...NOTHING, claims, deliveries: made ? [] : [{ delivery, eventId, kind }] },
    shards,
  );
  return made ? handedOver(session, delivery.deliveryId) : { kind: 'appended', tickets };
}

async function handedOver(session: Session, delivery: Id): Promise<RedeliveryOutcome> {
  return { kind: 'appended', tickets: await openTickets(session, [delivery]) };
}

async function belongs(session: Session, statement: string, id: Id, tenant: Id): Promise<boolean> {
  return (await session.row<{ tenant: Id }>(statement, { id }))?.tenant === tenant;
}

async function noteOrigin(session: Session, { delivery, eventId, of, kind, by }: RedeliveryRequest): Promise<void> {
  const { deliveryId, subscriptionId } = delivery;
  const values = { delivery: deliveryId, event: eventId, subscription: subscriptionId, of, kind, by };
  await session.run('insert_redelivery', values);
}
