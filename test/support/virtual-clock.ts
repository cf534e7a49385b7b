/** A clock for simulations: time jumps from one timer to the next, however many there are. */
import { add, createTimeline, nextAtMs, takeDue } from '../../src/core/timeline.ts';
import type { Clock } from '../../src/ports.ts';

export interface VirtualClock extends Clock {
  /** Goes to the next timer and calls it; false, and on to `untilMs`, when there is none before that. */
  step(untilMs: number): boolean;
}

/** No delay is so short that time stands still. */
const LEAST_MS = 1e-6;

/** A clock whose wall time begins at `startMs` and whose monotonic time begins at 0. */
export function virtualClock(startMs = 1_800_000_000_000): VirtualClock {
  const timers = createTimeline<{ run: (() => void) | null }>();
  let passedMs = 0;
  return {
    nowMs: () => Math.floor(startMs + passedMs),
    monotonicMs: () => passedMs,
    after(delayMs, run) {
      const timer: { run: (() => void) | null } = { run };
      add(timers, passedMs + (delayMs > 0 ? Math.max(delayMs, LEAST_MS) : 0), timer);
      return () => {
        timer.run = null;
      };
    },
    soon(run) {
      add(timers, passedMs, { run });
    },
    step(untilMs) {
      for (let atMs = nextAtMs(timers); atMs !== null && atMs <= untilMs; atMs = nextAtMs(timers)) {
        const timer = takeDue(timers, atMs);
        if (timer === undefined || timer.run === null) continue;
        passedMs = atMs;
        timer.run();
        return true;
      }
      passedMs = untilMs;
      return false;
    },
  };
}

/** More timers than this in one millisecond are a loop that waits for nothing. */
const MAX_RINGS_PER_MS = 20_000;

/** Lets all timers up to `untilMs` ring, each after everything the one before it set off has happened. */
export async function runUntil(clock: VirtualClock, untilMs: number): Promise<void> {
  await settled();
  let fromMs = clock.monotonicMs();
  let rings = 0;
  while (clock.step(untilMs)) {
    await settled();
    rings++;
    if (clock.monotonicMs() - fromMs < 1 && rings <= MAX_RINGS_PER_MS) continue;
    if (rings > MAX_RINGS_PER_MS) throw new Error(`${rings} timers rang within a millisecond of ${fromMs} ms`);
    fromMs = clock.monotonicMs();
    rings = 0;
  }
}

/** What waits for nothing but promises happens before the event loop turns. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
