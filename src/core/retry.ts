/** When a delivery is tried again. Delays are a pure function of policy, try and roll; nothing here reads a clock. */
import { httpDateMs } from './http-date.ts';

export const BACKOFF_TYPES = ['exponential', 'linear', 'fixed', 'schedule'] as const;

export type BackoffType = (typeof BACKOFF_TYPES)[number];

/** Which kinds of failure can be tried again, in the words of the API. */
export const RETRY_ON = ['network', '5xx', '408', '425', '429', '4xx', '3xx'] as const;

export type RetryOn = (typeof RETRY_ON)[number];

export interface RetryPolicy {
  /** Tries after the first one. */
  maxRetries: number;
  backoffType: BackoffType;
  /** Base delay for every type but `schedule`. */
  backoffSeconds: number;
  /** Delay before retry 1, 2, …; its last entry repeats. Used by `schedule` only. */
  scheduleSeconds: readonly number[];
  /** Fraction of the delay that a roll may add or take away, 0 to 1. */
  jitter: number;
  /** No try starts later than this after acceptance. */
  maxAgeSeconds: number;
  retryOn: readonly RetryOn[];
  /** Whether `Retry-After` of the receiver lengthens a delay. */
  honoursRetryAfter: boolean;
}

/** No single delay is longer than this, whatever the policy multiplies out to: thirty days. */
export const MAX_DELAY_MS = 30 * 86_400_000;
/** No delivery is kept open longer than this, whatever the policy adds up to: a leap year. */
export const MAX_AGE_SECONDS = 366 * 86_400;

/**
 * Delay before retry `retry` (1 = the first retry) in milliseconds.
 * @param roll a number in [0, 1) that places the delay inside the jitter band
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, roll: number): number {
  const plainMs = Math.min(MAX_DELAY_MS, plainDelaySeconds(policy, retry) * 1000);
  const factor = 1 + policy.jitter * (2 * roll - 1);
  return Math.round(Math.min(MAX_DELAY_MS, plainMs * factor));
}

function plainDelaySeconds(policy: RetryPolicy, retry: number): number {
  switch (policy.backoffType) {
    case 'exponential':
      return policy.backoffSeconds * 2 ** Math.min(40, retry - 1);
    case 'linear':
      return policy.backoffSeconds * retry;
    case 'fixed':
      return policy.backoffSeconds;
    case 'schedule': {
      const schedule = policy.scheduleSeconds;
      return schedule[Math.min(retry, schedule.length) - 1] ?? policy.backoffSeconds;
    }
  }
}

/**
 * The age at which a delivery is given up when the policy names none: its longest possible span of waits, one full
 * timeout for each try, and an hour of grace: span × (1 + jitter) + tries × timeout + 1 h.
 */
export function defaultMaxAgeSeconds(policy: Omit<RetryPolicy, 'maxAgeSeconds'>, timeoutMs: number): number {
  let spanMs = 0;
  for (let retry = 1; retry <= policy.maxRetries; retry++) {
    spanMs += retryDelayMs({ ...policy, jitter: 0, maxAgeSeconds: 0 }, retry, 0);
  }
  const triesMs = (policy.maxRetries + 1) * timeoutMs;
  return Math.min(MAX_AGE_SECONDS, Math.ceil((spanMs * (1 + policy.jitter) + triesMs) / 1000) + 3600);
}

/** Parses `Retry-After` (RFC 9110 §10.2.3), seconds or a date of HTTP; null when absent, malformed or already past. */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  // Any number of digits is a number of seconds; more than the longest age asks for no more than that.
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_AGE_SECONDS) * 1000;
  const delayMs = (httpDateMs(text, nowMs) ?? nowMs) - nowMs;
  return delayMs > 0 ? delayMs : null;
}
