/**
 * Engine time, for scheduling only: it starts at the wall clock or at the latest time ever persisted, whichever is
 * later, and from there runs with the monotonic clock. So a wall clock set back never makes due work wait.
 */

/** What every thread needs to tell the same time. */
export interface ClockOrigin {
  /** Engine time at `atNs`, milliseconds. */
  startMs: number;
  /** The process-wide monotonic clock at the start, nanoseconds. */
  atNs: bigint;
  /** One float64 of milliseconds that a test adds to engine time. */
  offset: SharedArrayBuffer | null;
}

export interface EngineClock {
  nowMs(): number;
  /** Engine time without a test's offset: what is persisted as the high-water mark. */
  highWaterMs(): number;
}

/** Starts engine time. `highWaterMs` is the latest one persisted, 0 on a fresh install. */
export function startClock(highWaterMs: number, offset: SharedArrayBuffer | null): ClockOrigin {
  return { startMs: Math.max(Date.now(), highWaterMs), atNs: process.hrtime.bigint(), offset };
}

export function engineClock(origin: ClockOrigin): EngineClock {
  const offset = origin.offset === null ? null : new Float64Array(origin.offset);
  const highWaterMs = () => origin.startMs + Math.floor(Number(process.hrtime.bigint() - origin.atNs) / 1e6);
  return { highWaterMs, nowMs: () => highWaterMs() + (offset?.[0] ?? 0) };
}
