/** How much JSON one request may have parsed: in its body, and again in JSON that stands inside of that as a text. */
import type { JsonLimits, JsonUse } from './json.ts';

/** Limits that set a number to all that they can. */
export type CountedLimits = JsonLimits & { maxMembers: number; maxValues: number };

/**
 * What senders choose is bounded by what it keeps the event loop for: 5 MiB of the smallest values take half a second.
 */
export const INBOUND_LIMITS: CountedLimits = {
  maxDepth: 64,
  /** More than any push has. Half a million of them in 5 MiB take half a second, these 50 ms. */
  maxMembers: 50_000,
  /** Lists of files changed by thousands of commits fit in. The worst of them, empty objects, take 50 ms. */
  maxValues: 250_000,
  topLevel: 'any',
};

/** What the texts of one request may still hold after one of them took so much: together they hold no more than one. */
export function limitsLeft(
  { maxMembers, maxValues, ...rest }: CountedLimits,
  { members, values }: JsonUse,
): CountedLimits {
  return { ...rest, maxMembers: maxMembers - members, maxValues: maxValues - values };
}
