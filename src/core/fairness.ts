/**
 * A fair line-up of work: one dead receiver slows only itself. First tries and retries each have a share, tenants take
 * turns within a class, subscriptions within a tenant, and each subscription has its own cap of work in flight. What
 * may not start stands in no ring, so that a step costs the same however many wait. The state is changed in place
 * because it is on the path of every delivery; nothing here reads a clock or rolls dice: `nowMs` is monotonic time.
 */
import { append, type Chain, unlink } from './chain.ts';
import { stands } from './fairness/kept-back.ts';
import {
  type Entry,
  joinTenant,
  type Lineup,
  queueOf,
  type Subscriber,
  subscriberOf,
  type Taken,
} from './fairness/lineup.ts';
import { nextHoldEndMs, nextSlowMs, passTo } from './fairness/passing.ts';
import { countedBytes, isFull } from './fairness/share.ts';
import { place } from './fairness/standing.ts';
import { nextQueue, pay } from './fairness/turn.ts';
import type { Id } from './ids.ts';

export { createLineup, type Entry, type Lineup, type LineupLimits, type Taken } from './fairness/lineup.ts';

/** Adds an entry at the end of its subscription's queue of its class. `cap`: what the subscription may have in flight. */
export function push<Item>(lineup: Lineup<Item>, entry: Entry<Item>, cap: number): void {
  const subscriber = subscriberOf(lineup, entry.id);
  if (subscriber.tenant === null) joinTenant(lineup, subscriber, entry.tenant);
  append(queueOf(subscriber, entry.retry).items, {
    chain: null,
    before: null,
    after: null,
    entry,
    subscriber,
    phase: 'waiting',
    startedAtMs: 0,
  });
  subscriber.cap = cap;
  subscriber.queued++;
  lineup.queued++;
  lineup.queuedBytes += entry.bytes;
  place(lineup, subscriber);
}

/**
 * Takes the next entry whose turn it is, or null when nothing may start: see `wakeAtMs` for when to ask again. Its
 * place is held until `finish`. Who would take what the others need is passed over until something is given back.
 */
export function take<Item>(lineup: Lineup<Item>, nowMs: number): Taken<Item> | null {
  passTo(lineup, nowMs);
  if (isFull(lineup)) return null;
  const queue = nextQueue(lineup);
  const next = queue === null ? null : queue.items.head;
  if (queue === null || next === null) return null;
  pay(lineup, queue, next.entry);
  start(lineup, next);
  place(lineup, next.subscriber);
  return next;
}

/** Gives back the place of an entry that was taken. A second time changes nothing. */
export function finish<Item>(lineup: Lineup<Item>, taken: Taken<Item>): void {
  const { entry, phase, subscriber } = taken;
  if (phase === 'waiting' || phase === 'done') return;
  if (phase === 'young') {
    unlink(taken);
    lineup.youngBytes -= countedBytes(entry);
    (entry.retry ? lineup.retries : lineup.firsts).young--;
  } else {
    lineup.slow--;
    lineup.slowBytes -= countedBytes(entry);
    subscriber.slow--;
  }
  taken.phase = 'done';
  lineup.inFlight--;
  subscriber.inFlight--;
  place(lineup, subscriber);
}

/**
 * Changes what a subscription may have in flight, at once; what is in flight goes on. Unknown ones get theirs by
 * `push`.
 */
export function setCap<Item>(lineup: Lineup<Item>, id: Id, cap: number): void {
  const subscriber = lineup.subscribers.get(id);
  if (subscriber === undefined) return;
  subscriber.cap = cap;
  place(lineup, subscriber);
}

/** Keeps a subscription from starting anything before a time; a later call replaces an earlier one. */
export function holdUntil<Item>(lineup: Lineup<Item>, id: Id, untilMs: number): void {
  const known = lineup.subscribers.get(id);
  if (known === undefined && untilMs <= lineup.nowMs) return;
  const subscriber = known ?? subscriberOf(lineup, id);
  subscriber.notBeforeMs = untilMs;
  place(lineup, subscriber);
}

/** Takes out everything of a subscription that waits, first tries before retries; what is in flight stays. */
export function remove<Item>(lineup: Lineup<Item>, id: Id): Item[] {
  const removed: Item[] = [];
  const subscriber = lineup.subscribers.get(id);
  if (subscriber !== undefined) empty(lineup, subscriber, removed);
  return removed;
}

/** Takes out everything that waits; what is in flight stays. */
export function clear<Item>(lineup: Lineup<Item>): Item[] {
  const removed: Item[] = [];
  for (const subscriber of lineup.subscribers.values()) empty(lineup, subscriber, removed);
  return removed;
}

/** Entries of a subscription that wait. */
export function waiting(lineup: Lineup<unknown>, id: Id): number {
  return lineup.subscribers.get(id)?.queued ?? 0;
}

/**
 * Whether another entry of this subscription finds room. Its own share of the queue it has while bytes allow it, and
 * one entry always, up to twice those bytes; more than its share while memory is spare.
 */
export function hasRoom(lineup: Lineup<unknown>, id: Id, bytes: number): boolean {
  const { limits, queued, queuedBytes } = lineup;
  if (queuedBytes >= 2 * limits.maxQueuedBytes) return false;
  const own = waiting(lineup, id);
  if (own === 0) return true;
  const bytesThen = queuedBytes + bytes;
  if (own < limits.perSubscription) return bytesThen <= limits.maxQueuedBytes;
  // One that hangs would only have more put back when its circuit opens.
  if ((lineup.subscribers.get(id)?.slow ?? 0) > 0) return false;
  return queued < limits.spare && bytesThen <= limits.maxQueuedBytes / 2;
}

/** When more are kept back than were looked at, the next of them are looked at after this time. */
const LOOK_AGAIN_MS = 10;

/**
 * When `take` could give something by the passing of time alone: `nowMs` when it could now, null when only `finish`,
 * `push` or a change of a cap or hold can. Never late, unless more than 64 subscriptions are kept back: then some
 * milliseconds for each 64. It may come early, `take` giving nothing, while the share of the others keeps somebody
 * back: then ask again.
 */
export function wakeAtMs<Item>(lineup: Lineup<Item>, nowMs: number): number | null {
  passTo(lineup, nowMs);
  if (lineup.inFlight >= lineup.limits.maxSockets) return null;
  if (isFull(lineup)) return placeAtMs(lineup);
  if (nextQueue(lineup) !== null) return lineup.nowMs;
  // First, as it keeps back those whose hold no longer is what they wait for.
  const holdEndMs = nextHoldEndMs(lineup);
  if (lineup.keptBack.head === null) return holdEndMs;
  const lookMs = lineup.unseen ? lineup.nowMs + LOOK_AGAIN_MS : null;
  return earlier(earlier(nextSlowMs(lineup), lookMs), holdEndMs);
}

/** With all places taken: when the first of them is given up to a subscription that wants it. */
function placeAtMs<Item>(lineup: Lineup<Item>): number | null {
  const slowMs = nextSlowMs(lineup);
  const holdEndMs = nextHoldEndMs(lineup);
  if (stands(lineup) || lineup.keptBack.head !== null) return slowMs;
  return holdEndMs === null || slowMs === null ? null : Math.max(holdEndMs, slowMs);
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function start<Item>(lineup: Lineup<Item>, taken: Taken<Item>): void {
  const { entry, subscriber } = taken;
  leaveQueue(lineup, taken);
  append(lineup.young, taken);
  taken.phase = 'young';
  taken.startedAtMs = lineup.nowMs;
  (entry.retry ? lineup.retries : lineup.firsts).young++;
  subscriber.inFlight++;
  lineup.inFlight++;
  lineup.youngBytes += countedBytes(entry);
}

function leaveQueue<Item>(lineup: Lineup<Item>, taken: Taken<Item>): void {
  unlink(taken);
  taken.subscriber.queued--;
  lineup.queued--;
  lineup.queuedBytes -= taken.entry.bytes;
}

function empty<Item>(lineup: Lineup<Item>, subscriber: Subscriber<Item>, removed: Item[]): void {
  drain(lineup, subscriber.firsts?.items, removed);
  drain(lineup, subscriber.retries?.items, removed);
  place(lineup, subscriber);
}

function drain<Item>(lineup: Lineup<Item>, items: Chain<Taken<Item>> | undefined, removed: Item[]): void {
  for (let next = items?.head ?? null; next !== null; next = items?.head ?? null) {
    leaveQueue(lineup, next);
    next.phase = 'done';
    removed.push(next.entry.item);
  }
}
