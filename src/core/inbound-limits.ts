/** How much JSON one request may have parsed: in its body, and again in JSON that stands inside of that as a text. */
import type { JsonLimits } from './json.ts';

/**
 * What senders choose is bounded by what it keeps the event loop for: 5 MiB of the smallest values take half a second.
 */
export const INBOUND_LIMITS = {
  maxDepth: 64,
  /** More than any push has. Half a million of them in 5 MiB take half a second, these 50 ms. */
  maxMembers: 50_000,
  /** Lists of files changed by thousands of commits fit in. The worst of them, empty objects, take 50 ms. */
  maxValues: 250_000,
  topLevel: 'any',
} as const satisfies JsonLimits;

/** The limits of each of `count` texts of one request, so that together they are no more than one. */
export function sharedLimits(count: number): JsonLimits {
  const { maxMembers, maxValues, ...rest } = INBOUND_LIMITS;
  const share = (of: number) => Math.floor(of / Math.max(1, count));
  return { ...rest, maxMembers: share(maxMembers), maxValues: share(maxValues) };
}
