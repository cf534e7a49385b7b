/**
 * The rate limit of one subscription, exact at the receiver: a log of when its last requests arrived there. A request
 * arrives some time after it starts, since a connection may have to be made first. Until that time is known it may
 * arrive at any moment, and counts whatever its age. Changed in place; reads no clock.
 */
import { MAX_TIMEOUT_MS, type RateLimit } from './subscription.ts';

/**
 * Added to the limit's own stretch: requests sent a stretch apart arrive a little closer together when the second one
 * travels faster than the first.
 */
const ARRIVAL_JITTER_MS = 20;
/** A request nobody reported by the longest timeout arrived by then. */
const MAX_ON_ITS_WAY_MS = MAX_TIMEOUT_MS;
/**
 * When all that counts is still on its way, only a report can tell how long that lasts; a caller that waits asks again.
 */
const ASK_AGAIN_MS = 1000;

/** One request, from its start until its arrival is known. */
export interface Slot {
  startedAtMs: number;
}

export interface RateLog {
  count: number;
  stretchMs: number;
  /** In the order they started. */
  readonly onTheirWay: Set<Slot>;
  /** Times of arrival in a ring, earliest first. Grows with use, up to the largest count there was. */
  arrivals: Float64Array;
  head: number;
  length: number;
}

const FIRST_CAPACITY = 16;

/** A log that nothing was sent under yet. */
export function createRateLog(limit: RateLimit): RateLog {
  const arrivals = new Float64Array(FIRST_CAPACITY);
  return { count: limit.count, stretchMs: stretchOf(limit), onTheirWay: new Set(), arrivals, head: 0, length: 0 };
}

function stretchOf(limit: RateLimit): number {
  return limit.seconds * 1000 + ARRIVAL_JITTER_MS;
}

/** From now on another limit holds. What the old one had forgotten does not count under it. */
export function changeLimit(log: RateLog, limit: RateLimit): void {
  log.count = limit.count;
  log.stretchMs = stretchOf(limit);
}

/**
 * When the next request may start: not after `nowMs` when it may start now, else the earliest time at which that is
 * worth asking again. Ask again also when an arrival was noted.
 */
export function readyAtMs(log: RateLog, nowMs: number): number {
  forget(log, nowMs);
  const surplus = log.onTheirWay.size + log.length - log.count;
  if (surplus < 0) return nowMs;
  // Even if all that are on their way had stopped counting, this arrival would have to as well.
  const needed = surplus - log.onTheirWay.size;
  if (needed >= 0) return arrivalAt(log, needed) + log.stretchMs;
  const oldestMs = oldestStartMs(log) + log.stretchMs;
  const reportMs = oldestMs > nowMs ? oldestMs : nowMs + ASK_AGAIN_MS;
  return log.length === 0 ? reportMs : Math.min(reportMs, arrivalAt(log, 0) + log.stretchMs);
}

/** Notes that a request starts. Its slot counts until `arrived` says when it arrived, and then from that time. */
export function started(log: RateLog, nowMs: number): Slot {
  forget(log, nowMs);
  const slot: Slot = { startedAtMs: nowMs };
  log.onTheirWay.add(slot);
  return slot;
}

/** A request that was noted as started had to wait before it was sent. Whether it may start now; if so, it does. */
export function startAgain(log: RateLog, slot: Slot, nowMs: number): boolean {
  log.onTheirWay.delete(slot);
  if (readyAtMs(log, nowMs) > nowMs) return false;
  slot.startedAtMs = nowMs;
  log.onTheirWay.add(slot);
  return true;
}

/**
 * Notes when a request was known to be at the receiver or on its way there; best told at once, since until then its
 * slot counts. A slot of another log, or one that was noted already, changes nothing.
 */
export function arrived(log: RateLog, slot: Slot, atMs: number): void {
  if (log.onTheirWay.delete(slot)) insert(log, Math.max(atMs, slot.startedAtMs));
}

function oldestStartMs(log: RateLog): number {
  for (const slot of log.onTheirWay) return slot.startedAtMs;
  return Infinity;
}

function forget(log: RateLog, nowMs: number): void {
  for (const slot of log.onTheirWay) {
    if (slot.startedAtMs + MAX_ON_ITS_WAY_MS > nowMs) break;
    arrived(log, slot, slot.startedAtMs + MAX_ON_ITS_WAY_MS);
  }
  // The same sum as in `readyAtMs`: by the difference, a fraction could count once more at the very time it stops counting.
  while (log.length > 0 && arrivalAt(log, 0) + log.stretchMs <= nowMs) {
    log.head = (log.head + 1) % log.arrivals.length;
    log.length--;
  }
}

function arrivalAt(log: RateLog, place: number): number {
  return log.arrivals[(log.head + place) % log.arrivals.length] as number;
}

/** Arrivals are reported nearly in order, so that few have to move. */
function insert(log: RateLog, atMs: number): void {
  if (log.length === log.arrivals.length) grow(log);
  const { arrivals, head } = log;
  let place = log.length++;
  for (; place > 0 && arrivalAt(log, place - 1) > atMs; place--) {
    arrivals[(head + place) % arrivals.length] = arrivalAt(log, place - 1);
  }
  arrivals[(head + place) % arrivals.length] = atMs;
}

function grow(log: RateLog): void {
  const larger = new Float64Array(log.arrivals.length * 2);
  for (let place = 0; place < log.length; place++) larger[place] = arrivalAt(log, place);
  log.arrivals = larger;
  log.head = 0;
}
