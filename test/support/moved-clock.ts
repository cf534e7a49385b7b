/** The machine's clocks, moved ahead by tests. */
import { systemClock } from '../../src/adapters/clock.ts';
import type { World } from '../../src/index.ts';
import type { Clock } from '../../src/ports.ts';

export interface MovedClock extends World {
  /** Moves all clocks ahead at once, as when a machine was asleep: what fell due meanwhile runs next. */
  advance(ms: number): void;
}

interface Timer {
  dueMs: number;
  run(): void;
  cancel(): void;
}

/** Clocks that run as the machine's do, and can be moved ahead; the store's clock goes along. */
export function movedClock(): MovedClock {
  const clockOffset = new SharedArrayBuffer(8);
  const offset = new Float64Array(clockOffset);
  const timers = new Set<Timer>();
  const aheadMs = () => offset[0] ?? 0;
  const monotonicMs = () => systemClock.monotonicMs() + aheadMs();

  function arm(timer: Timer): void {
    timer.cancel = systemClock.after(timer.dueMs - monotonicMs(), () => {
      timers.delete(timer);
      timer.run();
    });
  }

  const clock: Clock = {
    nowMs: () => systemClock.nowMs() + aheadMs(),
    monotonicMs,
    soon: systemClock.soon,
    after(delayMs, run) {
      const timer: Timer = { dueMs: monotonicMs() + delayMs, run, cancel: () => {} };
      timers.add(timer);
      arm(timer);
      return () => {
        timers.delete(timer);
        timer.cancel();
      };
    },
  };
  return {
    clock,
    clockOffset,
    advance(ms) {
      offset[0] = aheadMs() + ms;
      for (const timer of [...timers].sort((a, b) => a.dueMs - b.dueMs)) {
        timer.cancel();
        arm(timer);
      }
    },
  };
}
