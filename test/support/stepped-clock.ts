/** A clock for tests that stands still until it is told to move. */
import type { Clock } from '../../src/ports.ts';

export interface SteppedClock extends Clock {
  /** Moves both clocks and calls what falls due, in order. */
  advance(ms: number): void;
}

/** A clock whose wall time begins at `startMs` and whose monotonic time begins at 0. */
export function steppedClock(startMs = 1_800_000_000_000): SteppedClock {
  const timers = new Set<{ dueMs: number; run: () => void }>();
  let passedMs = 0;
  const nextDue = (untilMs: number) =>
    [...timers].filter((timer) => timer.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  return {
    nowMs: () => startMs + passedMs,
    monotonicMs: () => passedMs,
    after(delayMs, run) {
      const timer = { dueMs: passedMs + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    soon: (run) => void setImmediate(run),
    advance(ms) {
      const untilMs = passedMs + ms;
      for (let timer = nextDue(untilMs); timer; timer = nextDue(untilMs)) {
        timers.delete(timer);
        passedMs = timer.dueMs;
        timer.run();
      }
      passedMs = untilMs;
    },
  };
}
