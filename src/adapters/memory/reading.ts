import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { ReadLimits, Ticket, Tickets } from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import type { Tables } from './tables.ts';

/** Tickets of one shard in their order. */
export interface Waiting {
  shard: number;
  tickets: Iterable<Ticket>;
}

/** Copies of tickets with the events they point at; behind an event that is too much no line is read on. */
export function readWithin(tables: Tables, limits: ReadLimits, lines: Iterable<Waiting>): Tickets {
  const nowMs = tables.nowMs();
  const tickets: Ticket[] = [];
  const events = new Map<Id, HookEvent>();
  const more = new Set<number>();
  let [bytes, isFull] = [0, false];
  for (const line of lines) {
    let taken = 0;
    for (const ticket of line.tickets) {
      const fresh = freshEvent(tables, events, ticket);
      isFull ||=
        taken < limits.tickets && events.size > 0 && fresh !== null && bytes + fresh.data.length > limits.bytes;
      if (isFull || taken === limits.tickets) {
        more.add(line.shard);
        break;
      }
      if (fresh !== null) events.set(fresh.id, copyOf(fresh));
      bytes += fresh?.data.length ?? 0;
      tickets.push(copyOf(ticket));
      taken += 1;
    }
  }
  return { tickets, events, more: [...more], nowMs };
}

/** The event a ticket points at, null when it was read already. */
function freshEvent(tables: Tables, read: ReadonlyMap<Id, HookEvent>, { eventId }: Ticket): HookEvent | null {
  return read.has(eventId) ? null : (tables.events.get(eventId)?.event ?? null);
}
