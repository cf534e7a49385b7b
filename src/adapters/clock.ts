import type { Clock } from '../ports.ts';

/** `setTimeout` fires at once for anything larger. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clocks. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(MAX_TIMER_MS, Math.max(0, delayMs)));
    timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (run) => void setImmediate(run),
};
