import { setTimeout as later } from 'node:timers/promises';

const LOOK_EVERY_MS = 15;
/** What is looked for comes at once unless the machine is busy; long, as it costs only who fails. */
export const PATIENCE_MS = 60_000;

/** What was waited for never came. */
export class InVain extends Error {}

/** null or undefined = not yet. `saw` notes what there is instead, for the error when it never comes. */
export type Look<Seen> = (
  saw: (instead: unknown) => void,
) => Promise<Seen | null | undefined> | Seen | null | undefined;

/**
 * Looks again and again until there is something to see; once more when the time is over, as this process may have
 * stood still for all of it.
 * @param what named in the error when it never comes
 * @param pause what happens between two looks; a short while unless told
 */
export async function eventually<Seen>(
  what: string,
  look: Look<Seen>,
  timeoutMs: number = PATIENCE_MS,
  pause: () => Promise<unknown> = () => later(LOOK_EVERY_MS),
): Promise<Seen> {
  const fromMs = performance.now();
  let instead: unknown;
  const saw = (seen: unknown) => {
    instead = seen;
  };
  for (let looks = 1; ; looks++) {
    const lookedMs = performance.now();
    const seen = await look(saw);
    if (seen !== null && seen !== undefined) return seen;
    if (lookedMs - fromMs > timeoutMs) throw inVain(what, fromMs, lookedMs, looks, instead);
    await pause();
  }
}

/** How often it was looked, and how long the last look took, tell a machine that was late from what never comes. */
function inVain(what: string, fromMs: number, lookedMs: number, looks: number, instead: unknown): InVain {
  const [ms, lastMs] = [performance.now() - fromMs, performance.now() - lookedMs].map(Math.round);
  const saw =
    instead === undefined ? '' : `; instead: ${typeof instead === 'string' ? instead : JSON.stringify(instead)}`;
  return new InVain(`waited ${ms} ms in vain: ${what} (${looks} looks, the last took ${lastMs} ms)${saw}`);
}
