/** Reading tickets with their events, no more of them than the reader has room for. */
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { ReadLimits, Ticket, Tickets } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import { type EventRow, hookEvent } from './rows.ts';
import type { Writer } from './turn.ts';

/** Tickets of one shard in their order, read as they are asked for. */
export interface Waiting {
  shard: number;
  tickets: Iterable<Ticket>;
}

/** Once an event does not fit, nothing behind it is read: a lighter one may not overtake it. */
export function readWithin(writer: Writer, limits: ReadLimits, lines: Iterable<Waiting>): Tickets {
  const room = roomFor(writer, limits.bytes);
  const tickets: Ticket[] = [];
  const more = new Set<number>();
  for (const { shard, tickets: waiting } of lines) {
    let taken = 0;
    for (const ticket of waiting) {
      if (taken === limits.tickets || !room.takes(ticket.eventId)) {
        more.add(shard);
        break;
      }
      tickets.push(ticket);
      taken += 1;
    }
  }
  return { tickets, events: room.events, more: [...more], nowMs: writer.nowMs };
}

interface Room {
  events: ReadonlyMap<Id, HookEvent>;
  /** False once there is no room; the first event has always room. */
  takes(eventId: Id): boolean;
}

function roomFor(writer: Writer, bytes: number): Room {
  const events = new Map<Id, HookEvent>();
  let left = bytes;
  let full = false;
  return {
    events,
    takes: (eventId) => {
      if (full) return false;
      if (events.has(eventId)) return true;
      const allowed = events.size === 0 ? Number.MAX_SAFE_INTEGER : left;
      const row = writer.db.get<EventRow & { bytes: number }>('event_within', allowed, blob(eventId));
      if (row === undefined) return true;
      full = row.bytes > allowed;
      if (full) return false;
      left -= row.bytes;
      events.set(eventId, hookEvent(row));
      return true;
    },
  };
}
