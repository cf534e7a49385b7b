/**
 * What one subscription may take of that which all share: places, sockets and memory in flight. Each leaves to the
 * others at least as much as it takes.
 */
import type { Entry, Lineup, Queue, Subscriber } from './lineup.ts';

/** Bodies up to this size are not counted: the sockets bound what they take in all. */
const SMALL_BYTES = 65_536;
/** Slow bodies and young ones together may be this many times what the young ones may be. */
const ALL_PER_YOUNG = 4;

/** What counts of an entry as bytes in flight. */
export function countedBytes({ bytes }: Entry<unknown>): number {
  return bytes > SMALL_BYTES ? bytes : 0;
}

/** Whether no subscription at all may start anything. */
export function isFull({ limits, inFlight, slow }: Lineup<unknown>): boolean {
  return inFlight >= limits.maxSockets || inFlight - slow >= limits.maxInFlight;
}

/**
 * Whether the share of the others keeps a subscription back. It has tries in flight then, or waits for large bodies in
 * flight, so that a `finish` is to come.
 */
export function isKeptBack(lineup: Lineup<unknown>, subscriber: Subscriber<unknown>): boolean {
  if (subscriber.inFlight > 0 && takesTooMuch(lineup, subscriber)) return true;
  return !fits(lineup, subscriber, subscriber.firsts) || !fits(lineup, subscriber, subscriber.retries);
}

function takesTooMuch({ limits, inFlight, slow }: Lineup<unknown>, own: Subscriber<unknown>): boolean {
  if (own.inFlight >= limits.maxSockets - inFlight) return true;
  if (own.inFlight - own.slow >= limits.maxInFlight - (inFlight - slow)) return true;
  return own.slow > 0 && slow >= limits.maxSlow;
}

/**
 * Whether the bytes in flight leave room for the first item of a queue. A large one always goes when it is the only
 * one.
 */
function fits(
  { limits, youngBytes, slowBytes }: Lineup<unknown>,
  { slow }: Subscriber<unknown>,
  queue: Queue<unknown> | null,
): boolean {
  const first = queue?.items.head ?? null;
  const bytes = first === null ? 0 : countedBytes(first.entry);
  const bytesInFlight = youngBytes + slowBytes;
  if (bytes === 0 || bytesInFlight === 0) return true;
  if (slow > 0 && slowBytes > limits.maxBytesInFlight) return false;
  if (youngBytes + bytes > limits.maxBytesInFlight) return false;
  return bytesInFlight + bytes <= ALL_PER_YOUNG * limits.maxBytesInFlight;
}
