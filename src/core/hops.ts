/**
 * How often a message has gone through a Hookyard. A subscription may point, over any number of stations, back at one
 * of our own doors; the count travels in a header and ends the circle.
 */

export const HOPS_HEADER = 'hookyard-hops';

/** A message that has come this far goes in a circle. */
export const MAX_HOPS = 8;

/** The count in lower-cased headers; 0 when there is none or it is not a number. */
export function hopsOf(headers: Readonly<Record<string, string>>): number {
  const text = Object.hasOwn(headers, HOPS_HEADER) ? (headers[HOPS_HEADER] ?? '') : '';
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
}
