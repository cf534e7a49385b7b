/**
 * A small account of what a store was told and what it answered, independent of any store. It predicts who wins and
 * what stands where; times and positions it takes from the answers, after checking that they are possible.
 */
import assert from 'node:assert/strict';
import type { AttemptRecord, Closing } from '../../src/core/attempt.ts';
import type { Id } from '../../src/core/ids.ts';
import type {
  EventAppend,
  Hold,
  NewDelivery,
  Settlement,
  SettleOutcome,
  Store,
  StoredEvent,
  Ticket,
} from '../../src/ports/store.ts';
import type { StoreUnderTest } from './harness.ts';
import { type KnownReceipts, noReceipts } from './model-receipts.ts';
import { engineMs } from './samples.ts';

export interface KnownDelivery {
  eventId: Id;
  subscriptionId: Id;
  /** null once closed. */
  ticket: Ticket | null;
  closes: Closing | null;
  attempts: AttemptRecord[];
}

/** What is known of the lease of the one shard; `unsure` after a crash, which may have ended it. */
export interface KnownLease {
  state: 'free' | 'held' | 'unsure';
  owner: Id;
  epoch: number;
  untilMs: number;
}

/** Throws that a step may use as it likes. */
export interface Dice {
  a: number;
  b: number;
  c: number;
  ms: number;
}

export interface World {
  under: StoreUnderTest;
  subscriptions: readonly Id[];
  configVersion: number;
  events: Map<Id, StoredEvent>;
  deliveries: Map<Id, KnownDelivery>;
  /** Every ticket that anybody ever held, stale or not. */
  seen: Ticket[];
  usedKeys: Set<string>;
  lastPos: number;
  lease: KnownLease;
  receipts: KnownReceipts;
}

export function createWorld(under: StoreUnderTest, subscriptions: readonly Id[], configVersion: number): World {
  return {
    under,
    subscriptions,
    configVersion,
    events: new Map(),
    deliveries: new Map(),
    seen: [],
    usedKeys: new Set(),
    lastPos: 0,
    lease: { state: 'free', owner: '', epoch: 0, untilMs: 0 },
    receipts: noReceipts(),
  };
}

/** What an operation answered, and the engine times it ran between. */
export interface Timed<T> {
  answer: T;
  fromMs: number;
  untilMs: number;
}

export async function timed<T>(store: Store, run: () => Promise<T>): Promise<Timed<T>> {
  const fromMs = await engineMs(store);
  const answer = await run();
  return { answer, fromMs, untilMs: await engineMs(store) };
}

export function pick<T>(items: readonly T[], roll: number): T | undefined {
  return items[roll % Math.max(1, items.length)];
}

/** All tickets that are open, in no order. */
export function openTickets(world: World): Ticket[] {
  return [...world.deliveries.values()].flatMap(({ ticket }) => ticket ?? []);
}

/** What waits in a subscription's lane, by key and position. */
export function laneItems(world: World, subscriptionId: Id): (Ticket & { place: { kind: 'lane' } })[] {
  const held = openTickets(world)
    .filter(inLane)
    .filter((ticket) => ticket.subscriptionId === subscriptionId);
  return held.sort((a, b) =>
    a.place.key === b.place.key ? a.place.pos - b.place.pos : a.place.key < b.place.key ? -1 : 1,
  );
}

export function inLane(ticket: Ticket): ticket is Ticket & { place: { kind: 'lane' } } {
  return ticket.place.kind === 'lane';
}

/** Notes an acknowledged event with the tickets it got. */
export function noteAppend(world: World, { event, deliveries }: EventAppend, tickets: Timed<readonly Ticket[]>): void {
  const targets = deliveries.map(({ subscriptionId, subscriptionVersion, deliveryId }) => ({
    subscriptionId,
    subscriptionVersion,
    deliveryId,
  }));
  world.events.set(event.id, { event, configVersion: world.configVersion, targets });
  assert.equal(tickets.answer.length, deliveries.length);
  deliveries.forEach((delivery, index) => {
    noteMade(world, event.id, delivery, { ...tickets, answer: tickets.answer[index] });
  });
}

/** Notes a new delivery with the ticket it got. */
export function noteMade(world: World, eventId: Id, made: NewDelivery, ticket: Timed<Ticket | undefined>): void {
  const { answer, fromMs, untilMs } = ticket;
  const { deliveryId, subscriptionId } = made;
  assert.ok(answer !== undefined && !world.deliveries.has(deliveryId));
  assert.deepEqual([answer.deliveryId, answer.eventId, answer.n], [deliveryId, eventId, 0]);
  checkPlace(world, answer, { hold: made.hold, delayMs: made.delayMs, fromMs, untilMs });
  world.deliveries.set(deliveryId, { eventId, subscriptionId, ticket: answer, closes: null, attempts: [] });
  world.seen.push(answer);
}

interface Expected {
  hold: Hold | null;
  delayMs: number;
  fromMs: number;
  untilMs: number;
}

/** A place is where it was asked for: due or at the lane's end, after exactly its delay. */
function checkPlace(world: World, { place }: Ticket, { hold, delayMs, fromMs, untilMs }: Expected): void {
  assert.equal(place.kind, hold === null ? 'due' : 'lane');
  const waitsUntilMs = place.kind === 'due' ? place.dueMs : place.notBeforeMs;
  assert.ok(waitsUntilMs >= fromMs + delayMs && waitsUntilMs <= untilMs + delayMs, 'the delay was kept');
  if (place.kind === 'due') return;
  assert.equal(place.key, hold?.key);
  assert.ok(place.pos > world.lastPos, 'the end of the lane');
  world.lastPos = place.pos;
}

/** Whether this settlement must win: its ticket is exactly the one that is open. */
export function mustWin(world: World, { ticket }: Settlement): boolean {
  const open = world.deliveries.get(ticket.deliveryId)?.ticket ?? null;
  return open !== null && JSON.stringify(sorted(open)) === JSON.stringify(sorted(ticket));
}

function sorted({ deliveryId, n, place }: Ticket): unknown {
  return [deliveryId, n, Object.entries(place).sort()];
}

/** Notes what a settlement came to; fails when it won or lost wrongly. */
export function noteSettled(world: World, settlement: Settlement, outcome: Timed<SettleOutcome>): void {
  const { answer, fromMs, untilMs } = outcome;
  const { ticket, attempt, next } = settlement;
  assert.equal(answer.kind, mustWin(world, settlement) ? 'settled' : 'lost');
  const delivery = world.deliveries.get(ticket.deliveryId);
  if (answer.kind === 'lost' || delivery === undefined) return;
  if (attempt !== null) delivery.attempts.push(attempt);
  delivery.ticket = answer.ticket;
  delivery.closes = next.kind === 'close' ? (attempt?.closes ?? null) : null;
  assert.equal(answer.ticket === null, next.kind === 'close');
  if (answer.ticket === null || next.kind === 'close') return;
  assert.equal(answer.ticket.n, attempt?.n ?? ticket.n);
  world.seen.push(answer.ticket);
  const hold = next.kind === 'park' ? next.hold : null;
  if (next.kind === 'retry' && inLane(ticket) && ticket.place.key !== '') checkKept(ticket, answer.ticket);
  else checkPlace(world, answer.ticket, { hold, delayMs: next.delayMs, fromMs, untilMs });
}

/** An ordered retry keeps its key and position. */
function checkKept(before: Ticket, after: Ticket): void {
  assert.ok(inLane(before) && inLane(after));
  assert.deepEqual([after.place.key, after.place.pos], [before.place.key, before.place.pos]);
}
