/** What was replaced and goes on for a while beside what replaced it: secrets, keys of secret URLs. */
import { isoTime } from './time.ts';

/** How long the replaced one goes on, and since when. */
export interface Grace {
  graceSeconds: number;
  nowMs: number;
}

/** The longest grace. */
export const MAX_GRACE_SECONDS = 30 * 86_400;

/** Those whose time is not over at `nowMs`. */
export function stillGoing<Old extends { untilMs: number }>(all: readonly Old[], nowMs: number): readonly Old[] {
  return all.filter(({ untilMs }) => untilMs > nowMs);
}

/**
 * What goes on beside a new one, newest first: what it replaces for the grace, and earlier ones for the time they have.
 * A grace of 0 ends all of them.
 */
export function goingOn<Old>(
  replaced: readonly Old[],
  earlier: readonly (Old & { untilMs: number })[],
  { graceSeconds, nowMs }: Grace,
): readonly (Old & { untilMs: number })[] {
  if (graceSeconds === 0) return [];
  const untilMs = nowMs + 1000 * graceSeconds;
  return [...replaced.map((old) => ({ ...old, untilMs })), ...stillGoing(earlier, nowMs)];
}

/** When the first and when the last of them ends; null where there are none. */
export function endsOf(all: readonly { untilMs: number }[]): { firstMs: number; lastMs: number } | null {
  if (all.length === 0) return null;
  const times = all.map(({ untilMs }) => untilMs);
  return { firstMs: Math.min(...times), lastMs: Math.max(...times) };
}

/** How the old secrets end before their time while the one in use stays. */
export const END_OLD_SECRETS = 'rotate to the secret in use with `graceSeconds` 0, which ends the old ones alone';

/** Said of the secret in use where it would replace itself for a grace. */
export const IN_USE = 'It is the secret in use already: with `graceSeconds` 0 that ends the old ones.';

/** What to do when there are too many already: wait, or `sooner`. */
export function tooManyRemedy(earlier: readonly { untilMs: number }[], sooner: string): string {
  const ends = endsOf(earlier);
  const wait = ends === null ? '' : `wait until ${isoTime(ends.firstMs)}, or `;
  return `${wait}${sooner}.`;
}
