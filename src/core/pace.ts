/**
 * How fast one subscription is served after an outage: with few tries in flight at first, and not much faster than its
 * receiver was known to stand. While nothing is wrong it limits nothing. Changed in place; reads no clock.
 */
import type { Outcome } from './circuit.ts';

/** Rates are measured and limited over stretches of this length. */
const PERIOD_MS = 10_000;
/** The rate of a period is at most this many times that of the one before it. */
const RAISE = 1.5;
/** A receiver that got little before its outage, or that nothing is known of, is not held to that little. */
const MIN_RATE_PER_SECOND = 100;
/** So much of a period's tries may start at once; the rest is spread over it. */
const BURST_MS = 1000;
/** More tries in flight than any subscription may have; where doubling stops. */
const MAX_WINDOW = 2 ** 16;

export interface Pace {
  /** Answered tries per second in the last full period that was healthy; 0 before the first one. */
  healthyRate: number;
  /** Of the current period. */
  periodFromMs: number;
  started: number;
  answered: number;
  troubled: number;
  /** null while healthy. */
  recovery: Recovery | null;
}

interface Recovery {
  window: number;
  /** Answered tries since it was last doubled. */
  answered: number;
  ratePerSecond: number;
}

/** The pace of a subscription that nothing was sent to yet. */
export function createPace(): Pace {
  return { healthyRate: 0, periodFromMs: 0, started: 0, answered: 0, troubled: 0, recovery: null };
}

/**
 * Begins again with one try in flight: what its lane holds is sent now that its circuit has closed, or that it was
 * resumed or enabled. What a restart finds waiting of a receiver that was well is no outage and is not begun slowly.
 */
export function recover(pace: Pace, nowMs: number): void {
  endPeriod(pace, nowMs);
  beginPeriod(pace, nowMs);
  const ratePerSecond = Math.max(MIN_RATE_PER_SECOND, pace.healthyRate * RAISE);
  pace.recovery = { window: 1, answered: 0, ratePerSecond };
}

/** Nothing waits in the lane any more: nothing is limited from here on. */
export function recovered(pace: Pace): void {
  pace.recovery = null;
}

/** Whether it is being served carefully. */
export function isRecovering(pace: Pace): boolean {
  return pace.recovery !== null;
}

/** Tries that may be in flight now, at most `cap`. */
export function window(pace: Pace, cap: number): number {
  return pace.recovery === null ? cap : Math.min(cap, pace.recovery.window);
}

/** When the next try may start: not after `nowMs` when it may start now. */
export function readyAtMs(pace: Pace, nowMs: number): number {
  if (pace.recovery === null) return nowMs;
  endPeriod(pace, nowMs);
  const { ratePerSecond } = pace.recovery;
  const next = pace.started + 1;
  if (next > (ratePerSecond * PERIOD_MS) / 1000) return pace.periodFromMs + PERIOD_MS;
  return Math.max(nowMs, pace.periodFromMs + (next * 1000) / ratePerSecond - BURST_MS);
}

/** Notes that a try starts. */
export function started(pace: Pace, nowMs: number): void {
  endPeriod(pace, nowMs);
  pace.started++;
}

/** Notes how a try ended: answers make room for more, trouble begins again with one. */
export function afterTry(pace: Pace, outcome: Outcome, nowMs: number): void {
  endPeriod(pace, nowMs);
  if (outcome === 'trouble') {
    pace.troubled++;
    if (pace.recovery !== null) pace.recovery.window = 1;
  } else if (outcome === 'answered') {
    pace.answered++;
    if (pace.recovery !== null) widen(pace.recovery);
  }
}

function widen(recovery: Recovery): void {
  recovery.answered++;
  if (recovery.answered < recovery.window) return;
  recovery.window = Math.min(MAX_WINDOW, recovery.window * 2);
  recovery.answered = 0;
}

function endPeriod(pace: Pace, nowMs: number): void {
  if (nowMs < pace.periodFromMs + PERIOD_MS) return;
  // A few failures are part of a healthy receiver's day.
  if (pace.answered > 0 && pace.troubled <= pace.answered) {
    pace.healthyRate = (pace.answered * 1000) / PERIOD_MS;
    if (pace.recovery !== null) pace.recovery.ratePerSecond *= RAISE;
  }
  beginPeriod(pace, nowMs);
}

function beginPeriod(pace: Pace, nowMs: number): void {
  pace.periodFromMs = nowMs;
  pace.started = 0;
  pace.answered = 0;
  pace.troubled = 0;
}
