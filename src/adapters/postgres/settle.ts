/** Settling tries: the delete of the ticket is the compare-and-swap (S1), everything else follows from it. */
import type { AttemptRecord } from '../../core/attempt.ts';
import type { Id } from '../../core/ids.ts';
import type { Health, Place, Settlement, SettleOutcome, SettleRequest, Ticket } from '../../ports/store.ts';
import { detailColumn } from '../sql/attempt-detail.ts';
import { flagsOf } from '../sql/kinds.ts';
import type { Repeatable } from './batches.ts';
import type { Session } from './database.ts';
import { type Timed, timeOf } from './engine-time.ts';
import { lockLanes } from './locks.ts';
import { openTickets } from './placing.ts';
import { isAway } from './unavailable.ts';
import { columns, type Values } from './values.ts';
import { reservePositions } from './write.ts';

/** What becomes of a ticket, in the words of the statement; `keep` is an ordered retry. */
type NextPlace = 'close' | 'due' | 'lane' | 'keep';

interface Row {
  at: number;
  settlement: Settlement;
  next: NextPlace;
  /** The position of what is parked. */
  pos: number | null;
}

/** Throws for a settlement that contradicts itself: that is a bug of the caller. */
export function checkSettlements(settlements: readonly Settlement[]): void {
  for (const { ticket, attempt, next } of settlements) {
    if (next.kind === 'close' && !attempt?.closes) throw new Error(`closing ${ticket.deliveryId} without saying how`);
  }
}

/**
 * Remembers the settlements nobody knows the outcome of. When they are asked for again, later than an answer was waited
 * for, they are told from those that somebody else has won.
 */
export function rememberingUnsure<Answer>(
  submit: (request: SettleRequest, repeated: boolean) => Promise<Answer>,
): (request: SettleRequest) => Promise<Answer> {
  const unsure = new WeakSet<Settlement>();
  return async (request) => {
    const { settlements } = request;
    try {
      const answer = await submit(
        request,
        settlements.some((settlement) => unsure.has(settlement)),
      );
      for (const settlement of settlements) unsure.delete(settlement);
      return answer;
    } catch (error) {
      if (isAway(error)) for (const settlement of settlements) unsure.add(settlement);
      throw error;
    }
  };
}

/** In one transaction. Of settlements of the very same ticket the first counts, as if they had come one by one. */
export async function settle(
  session: Session,
  calls: readonly Repeatable<SettleRequest>[],
): Promise<readonly (readonly SettleOutcome[])[]> {
  const settlements = calls.flatMap(({ request }) => request.settlements);
  const rows = await rowsOf(session, settlements);
  const health = new Map(calls.flatMap(({ request }) => [...request.health]));
  const values = { ...rowColumns(rows), ...attemptColumns(rows), ...healthColumns([...health]) };
  const answer = await session.row<Timed & { won: readonly number[] }>('settle', values);
  const nowMs = timeOf(answer);
  const won = new Set(answer?.won);
  const outcomes = new Map(
    rows.map((row) => [row.at, won.has(row.at) ? settled(row, nowMs) : { kind: 'lost' as const }]),
  );
  const answers: (readonly SettleOutcome[])[] = [];
  let at = 0;
  for (const { request, repeated } of calls) {
    const own = request.settlements.map((): SettleOutcome => outcomes.get(at++) ?? { kind: 'lost' });
    answers.push(repeated ? await asBefore(session, request.settlements, own) : own);
  }
  return answers;
}

/** The first settlement of each ticket; what is parked gets its position under the lock of its lane. */
async function rowsOf(session: Session, settlements: readonly Settlement[]): Promise<readonly Row[]> {
  const seen = new Set<string>();
  const rows: Row[] = [];
  for (const [at, settlement] of settlements.entries()) {
    const name = nameOf(settlement.ticket);
    if (!seen.has(name)) rows.push({ at, settlement, next: nextPlace(settlement), pos: null });
    seen.add(name);
  }
  const parked = rows.filter(({ next }) => next === 'lane');
  await lockLanes(
    session,
    parked.map(({ settlement }) => settlement.ticket.place.shard),
  );
  const positions = (await reservePositions(session, parked.length)).values();
  return rows.map((row) => (row.next === 'lane' ? { ...row, pos: positions.next().value ?? null } : row));
}

function nameOf({ deliveryId, n, place }: Ticket): string {
  const where = place.kind === 'due' ? [place.dueMs] : [place.key, place.pos, place.notBeforeMs];
  return JSON.stringify([deliveryId, n, ...where]);
}

function nextPlace({ ticket: { place }, next }: Settlement): NextPlace {
  switch (next.kind) {
    case 'close':
      return 'close';
    case 'park':
      return 'lane';
    case 'retry':
      return place.kind === 'lane' && place.key !== '' ? 'keep' : 'due';
  }
}

function settled({ settlement, next, pos }: Row, nowMs: number): SettleOutcome {
  const { ticket, attempt } = settlement;
  const place = placeAfter(settlement, next, pos, nowMs);
  return { kind: 'settled', ticket: place === null ? null : { ...ticket, n: attempt?.n ?? ticket.n, place } };
}

function placeAfter(
  { ticket: { place }, next }: Settlement,
  to: NextPlace,
  pos: number | null,
  nowMs: number,
): Place | null {
  if (next.kind === 'close') return null;
  const { shard } = place;
  const atMs = nowMs + next.delayMs;
  if (next.kind === 'park') return { kind: 'lane', shard, key: next.hold.key, pos: pos ?? 0, notBeforeMs: atMs };
  return to === 'keep' && place.kind === 'lane' ? { ...place, notBeforeMs: atMs } : { kind: 'due', shard, dueMs: atMs };
}

function rowColumns(rows: readonly Row[]): Values {
  const lane = ({ settlement: { ticket } }: Row) => (ticket.place.kind === 'lane' ? ticket.place : null);
  const hold = ({ settlement: { next } }: Row) => (next.kind === 'park' ? next.hold : null);
  return columns(rows, {
    at: ({ at }) => at,
    shards: ({ settlement: { ticket } }) => ticket.place.shard,
    dues: ({ settlement: { ticket } }) => (ticket.place.kind === 'due' ? ticket.place.dueMs : null),
    keys: (row) => lane(row)?.key ?? null,
    positions: (row) => lane(row)?.pos ?? null,
    not_befores: (row) => lane(row)?.notBeforeMs ?? null,
    deliveries: ({ settlement: { ticket } }) => ticket.deliveryId,
    events: ({ settlement: { ticket } }) => ticket.eventId,
    subscriptions: ({ settlement: { ticket } }) => ticket.subscriptionId,
    ns: ({ settlement: { ticket } }) => ticket.n,
    flags: ({ settlement: { ticket } }) => flagsOf(ticket.kind),
    nexts: ({ next }) => next,
    next_ns: ({ settlement: { ticket, attempt } }) => attempt?.n ?? ticket.n,
    delays: ({ settlement: { next } }) => (next.kind === 'close' ? null : next.delayMs),
    next_keys: (row) => hold(row)?.key ?? null,
    next_positions: ({ pos }) => pos,
    reasons: (row) => hold(row)?.reason ?? null,
  });
}

function attemptColumns(rows: readonly Row[]): Values {
  const tries = rows.flatMap(({ at, settlement: { attempt } }) => (attempt === null ? [] : [{ ...attempt, at }]));
  return columns(tries, {
    try_at: ({ at }) => at,
    try_ns: ({ n }) => n,
    try_versions: ({ subscriptionVersion }) => subscriptionVersion,
    try_tenants: ({ tenant }) => tenant,
    try_times: ({ atMs }) => atMs,
    try_sent: ({ sent }) => Number(sent),
    try_outcomes: ({ delivered }) => Number(delivered),
    try_codes: ({ statusCode }) => statusCode,
    try_classes: ({ failure }) => failure,
    try_responses: ({ responseTimeMs }) => responseTimeMs,
    try_closes: ({ closes }) => closes,
    try_details: detailColumn,
    try_bodies: ({ detail }) => detail.responseBody,
  });
}

function healthColumns(health: readonly (readonly [Id, Health])[]): Values {
  return columns(health, {
    health_ids: ([id]) => id,
    health_failures: ([, { consecutiveFailures }]) => consecutiveFailures,
    health_first_failures: ([, { firstFailureAtMs }]) => firstFailureAtMs,
    health_deliveries: ([, { lastDeliveryAtMs }]) => lastDeliveryAtMs,
    health_codes: ([, { lastStatusCode }]) => lastStatusCode,
    health_successes: ([, { lastSuccessAtMs }]) => lastSuccessAtMs,
    health_last_failures: ([, { lastFailureAtMs }]) => lastFailureAtMs,
    health_told: ([, { toldPercent }]) => toldPercent,
  });
}

/** After a lost answer the winner may have been this very settlement: then its own attempt or ticket is there. */
async function asBefore(
  session: Session,
  settlements: readonly Settlement[],
  outcomes: readonly SettleOutcome[],
): Promise<readonly SettleOutcome[]> {
  if (outcomes.every(({ kind }) => kind === 'settled')) return outcomes;
  const tries = settlements.flatMap(({ attempt }) => attempt ?? []);
  const values = columns(tries, { ids: ({ deliveryId }) => deliveryId, ns: ({ n }) => n });
  const times = await session.rows<{ delivery_id: Id; n: number; at_ms: number }>('attempt_times', values);
  const atMs = new Map(times.map((row) => [`${row.delivery_id} ${row.n}`, row.at_ms]));
  const open = await openTickets(
    session,
    settlements.map(({ ticket }) => ticket.deliveryId),
  );
  const tickets = new Map(open.map((ticket) => [ticket.deliveryId, ticket]));
  const isOwn = ({ deliveryId, n, atMs: triedMs }: AttemptRecord) => atMs.get(`${deliveryId} ${n}`) === triedMs;
  return settlements.map(({ ticket, attempt }, at): SettleOutcome => {
    const outcome = outcomes[at] ?? { kind: 'lost' };
    if (outcome.kind === 'settled' || (attempt !== null && !isOwn(attempt))) return outcome;
    const stands = tickets.get(ticket.deliveryId) ?? null;
    if (stands === null) return attempt?.closes == null ? outcome : { kind: 'settled', ticket: null };
    return stands.n === (attempt?.n ?? ticket.n) ? { kind: 'settled', ticket: stands } : outcome;
  });
}

/** Notes sends that may repeat one from before a crash; how often each was noted by now. */
export async function intend(
  session: Session,
  tries: readonly { deliveryId: Id; n: number }[],
): Promise<readonly number[]> {
  const times: number[] = [];
  for (const { deliveryId, n } of tries) {
    times.push((await session.row<{ times: number }>('intend', { delivery: deliveryId, n }))?.times ?? 0);
  }
  return times;
}
