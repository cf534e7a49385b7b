import type { AttemptRecord } from '../../core/attempt.ts';
import type { Id } from '../../core/ids.ts';
import type { Next, Place, Settlement, SettleOutcome, SettleRequest, Ticket } from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import type { Tables } from './tables.ts';
import { duePlace, lanePlace, putTicket, takeTicket } from './tickets.ts';

export function settle(tables: Tables, request: SettleRequest): SettleOutcome[] {
  request.settlements.forEach(refuseContradiction);
  const outcomes = request.settlements.map((settlement) => settleOne(tables, settlement));
  for (const [id, health] of request.health) {
    const subscription = tables.subscriptions.get(id);
    if (subscription !== undefined) subscription.row.health = copyOf(health);
  }
  return outcomes;
}

/** A settlement that says both open and closed is a bug of the caller; nothing of the request may be written. */
function refuseContradiction({ ticket, attempt, next }: Settlement): void {
  const closes = attempt !== null && attempt.closes !== null;
  if (closes !== (next.kind === 'close')) {
    throw new TypeError(`settlement of ${ticket.deliveryId}: ${next.kind} contradicts the attempt`);
  }
}

function settleOne(tables: Tables, { ticket, attempt, next }: Settlement): SettleOutcome {
  if (!takeTicket(tables, ticket)) return { kind: 'lost' };
  tables.intents.delete(ticket.deliveryId);
  if (attempt !== null) keepAttempt(tables, attempt);
  if (next.kind === 'close') return { kind: 'settled', ticket: null };
  const place = nextPlace(tables, ticket, next);
  const reopened = putTicket(tables, { ...ticket, n: attempt?.n ?? ticket.n, place });
  return { kind: 'settled', ticket: copyOf(reopened) };
}

function keepAttempt(tables: Tables, attempt: AttemptRecord): void {
  const attempts = tables.deliveries.get(attempt.deliveryId)?.attempts ?? [];
  if (attempts.some((kept) => kept.n === attempt.n)) return;
  attempts.push(copyOf(attempt));
  attempts.sort((a, b) => a.n - b.n);
}

function nextPlace(tables: Tables, { subscriptionId, place }: Ticket, next: Exclude<Next, { kind: 'close' }>): Place {
  const waiting = { subscriptionId, delayMs: next.delayMs };
  if (next.kind === 'park') return lanePlace(tables, waiting, next.hold);
  const isOrdered = place.kind === 'lane' && place.key !== '';
  return isOrdered ? { ...place, notBeforeMs: tables.nowMs() + next.delayMs } : duePlace(tables, waiting);
}

/** Counts one more possibly repeated send of each try. */
export function intend(tables: Tables, tries: readonly { deliveryId: Id; n: number }[]): number[] {
  return tries.map(({ deliveryId, n }) => {
    const noted = tables.intents.get(deliveryId) ?? new Map<number, number>();
    const times = (noted.get(n) ?? 0) + 1;
    tables.intents.set(deliveryId, noted.set(n, times));
    return times;
  });
}
