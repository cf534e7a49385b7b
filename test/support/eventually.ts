import { setTimeout as later } from 'node:timers/promises';

const LOOK_EVERY_MS = 15;

/** What was waited for never came. */
export class InVain extends Error {}

/**
 * Looks again and again until there is something to see.
 * @param look null or undefined = not yet
 * @param what named in the error when it never comes
 * @param timeoutMs what is looked for comes at once unless the machine is busy; long, as it costs only who fails
 */
export async function eventually<Seen>(
  what: string,
  look: () => Promise<Seen | null | undefined> | Seen | null | undefined,
  timeoutMs = 20_000,
): Promise<Seen> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined) return seen;
    if (performance.now() > untilMs) throw new InVain(`waited ${timeoutMs} ms in vain: ${what}`);
    await later(LOOK_EVERY_MS);
  }
}
