/** Settling tries: the delete of the ticket is the compare-and-swap (S1), everything else follows from it. */
import type { Id } from '../../core/ids.ts';
import type { Health } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import { type AttemptPacket, attemptValues, type SettlementPacket, type Spot } from './packets.ts';
import { type Item, openTicket, placeDue, placeInLane } from './placing.ts';
import type { Writer } from './turn.ts';

/** 0: lost · null: closed · else where the delivery waits now. A due time is never 0. */
export type SettleAnswer = 0 | null | Spot;

export interface SettlePacket {
  settlements: readonly SettlementPacket[];
  health: readonly (readonly [Id, Health])[];
}

export function settle(writer: Writer, packet: SettlePacket): readonly SettleAnswer[] {
  const answers = packet.settlements.map((settlement) => settleOne(writer, settlement));
  for (const [id, health] of packet.health) setHealth(writer, id, health);
  return answers;
}

function settleOne(writer: Writer, settlement: SettlementPacket): SettleAnswer {
  const [shard, place, delivery, event, subscription, ticketN, flags, attempt, next] = settlement;
  const deliveryId = blob(delivery);
  const subscriptionId = blob(subscription);
  const { n } = triedBy(attempt, ticketN);
  const item: Item = { shard, deliveryId, eventId: blob(event), subscriptionId, n, flags };
  if (isOrdered(place) && next?.length === 1) {
    const notBeforeMs = writer.nowMs + next[0];
    if (!postpone(writer, item, place, ticketN, notBeforeMs)) return lost(writer, settlement);
    recordTry(writer, settlement, attempt, deliveryId);
    return [place[1], notBeforeMs];
  }
  if (!take(writer, item, place, ticketN)) return lost(writer, settlement);
  recordTry(writer, settlement, attempt, deliveryId);
  if (next === null) return null;
  return next.length === 1 ? placeDue(writer, item, next[0]) : placeInLane(writer, item, ...next);
}

type LanePlace = readonly [key: string, pos: number, notBeforeMs: number];

function isOrdered(place: number | LanePlace): place is LanePlace {
  return typeof place !== 'number' && place[0] !== '';
}

function take(writer: Writer, item: Item, place: number | LanePlace, n: number): boolean {
  if (typeof place === 'number') return writer.db.run('take_due', item.shard, place, item.deliveryId, n) === 1;
  const [key, pos, notBeforeMs] = place;
  return writer.db.run('take_lane', item.shard, item.subscriptionId, key, pos, item.deliveryId, n, notBeforeMs) === 1;
}

function postpone(writer: Writer, item: Item, place: LanePlace, ticketN: number, notBeforeMs: number): boolean {
  const [key, pos, wasNotBeforeMs] = place;
  const { shard, subscriptionId, deliveryId, n } = item;
  const at = [shard, subscriptionId, key, pos, deliveryId, ticketN, wasNotBeforeMs];
  return writer.db.run('postpone_lane', n, notBeforeMs, ...at) === 1;
}

function recordTry(
  writer: Writer,
  settlement: SettlementPacket,
  attempt: AttemptPacket | null,
  deliveryId: Uint8Array,
): void {
  if (attempt !== null) writer.db.run('insert_attempt', ...attemptValues(settlement, attempt));
  if (mayHaveIntents(writer)) writer.db.run('drop_intents', deliveryId);
}

/** Intents exist for moments after an unclean takeover only; an empty table is known to be empty. */
function mayHaveIntents(writer: Writer): boolean {
  const { known } = writer;
  if (known.intents) known.intents = writer.db.get('any_intent') !== undefined;
  return known.intents;
}

/** After a lost answer the winner may have been this very settlement: then its own row or ticket is there. */
function lost(writer: Writer, settlement: SettlementPacket): SettleAnswer {
  if (!writer.repeated) return 0;
  const [, , delivery, , , ticketN, , attempt] = settlement;
  const { n, atMs, closes } = triedBy(attempt, ticketN);
  if (atMs !== null && !isOwnAttempt(writer, delivery, n, atMs)) return 0;
  const ticket = openTicket(writer, delivery);
  if (ticket === null) return closes === null ? 0 : null;
  if (ticket.n !== n) return 0;
  const { place } = ticket;
  return place.kind === 'due' ? place.dueMs : [place.pos, place.notBeforeMs];
}

function isOwnAttempt(writer: Writer, delivery: Id, n: number, atMs: number): boolean {
  return writer.db.get<{ at_ms: number }>('attempt_at', blob(delivery), n)?.at_ms === atMs;
}

interface Tried {
  /** The tries that the ticket has behind it now. */
  n: number;
  /** null without a try. */
  atMs: number | null;
  closes: string | null;
}

function triedBy(attempt: AttemptPacket | null, ticketN: number): Tried {
  if (attempt === null) return { n: ticketN, atMs: null, closes: null };
  const [n, , , atMs, , , , , , closes] = attempt;
  return { n, atMs, closes };
}

/** Notes sends that may repeat one from before a crash; how often each was noted by now. */
export function intend(writer: Writer, tries: readonly { deliveryId: Id; n: number }[]): readonly number[] {
  writer.known.intents = true;
  return tries.map(({ deliveryId, n }) => writer.db.get<{ times: number }>('intend', blob(deliveryId), n)?.times ?? 0);
}

function setHealth(writer: Writer, id: Id, health: Health): void {
  writer.db.run(
    'set_health',
    health.consecutiveFailures,
    health.firstFailureAtMs,
    health.lastDeliveryAtMs,
    health.lastStatusCode,
    health.lastSuccessAtMs,
    health.lastFailureAtMs,
    health.toldPercent,
    blob(id),
  );
}
