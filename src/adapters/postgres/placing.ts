/** Open deliveries by their ids. */
import type { Id } from '../../core/ids.ts';
import type { Ticket } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { type TicketRow, ticketOf } from './rows.ts';

/** The tickets of those that are open, in the order of the ids. */
export async function openTickets(session: Session, ids: readonly Id[]): Promise<readonly Ticket[]> {
  const rows = await session.rows<TicketRow>('open_tickets', { ids });
  const byId = new Map(rows.map((row) => [row.delivery_id, ticketOf(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Those that were ever made, open or closed. */
export async function deliveriesMade(session: Session, ids: readonly Id[]): Promise<ReadonlySet<Id>> {
  const rows = await session.rows<{ id: Id }>('deliveries_made', { ids });
  return new Set(rows.map(({ id }) => id));
}
