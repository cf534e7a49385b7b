import type { Id } from '../../core/ids.ts';
import type { ClaimCursor, Pulse, ReadLimits, Ticket, Tickets } from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import { readWithin } from './reading.ts';
import type { Tables } from './tables.ts';
import { onShard } from './tables.ts';

export function claim(tables: Tables, cursors: readonly ClaimCursor[], limits: ReadLimits): Tickets {
  const lines = cursors.map(({ shard, after }) => {
    const from = after === null ? null : { dueMs: after.dueMs, id: after.deliveryId };
    return { shard, tickets: dueNow(tables, onShard(tables.due, shard).after(from)) };
  });
  return readWithin(tables, limits, lines);
}

/** The tickets of a walk through the due index up to engine time. */
function* dueNow(tables: Tables, waiting: Iterable<Ticket>): Generator<Ticket, void> {
  const nowMs = tables.nowMs();
  for (const ticket of waiting) {
    if (ticket.place.kind !== 'due' || ticket.place.dueMs > nowMs) break;
    yield ticket;
  }
}

export function pulse(tables: Tables): Pulse {
  const due = tables.due.flatMap((shard) => [...dueNow(tables, shard.after(null)).take(1)]);
  const times = due.flatMap(({ place }) => (place.kind === 'due' ? place.dueMs : []));
  const oldestDueMs = times.length === 0 ? null : Math.min(...times);
  return { nowMs: tables.nowMs(), oldestDueMs };
}

/** Open deliveries of a subscription, first those that are due, then those of its lane. */
export function openTickets(tables: Tables, subscriptionId: Id, limit: number): Ticket[] {
  const due = tables.due.flatMap((shard) => [
    ...shard
      .after(null)
      .filter((ticket) => ticket.subscriptionId === subscriptionId)
      .take(limit),
  ]);
  const held = tables.lanes.get(subscriptionId)?.items.after(null).take(limit) ?? [];
  return copyOf([...due, ...held].slice(0, limit));
}
