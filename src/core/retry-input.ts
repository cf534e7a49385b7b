/** A retry policy as a caller writes it, and what it comes to beside the profile's own. */
import type { FieldError } from './problem.ts';
import { type ProfileName, profiles } from './profile.ts';
import { type BackoffType, defaultMaxAgeSeconds, RETRY_ON, type RetryOn, type RetryPolicy } from './retry.ts';

/** null is the default of a field, as if it had been left out of a new policy. */
export interface RetryInput {
  maxRetries?: number | null | undefined;
  backoffType?: BackoffType | null | undefined;
  backoffSeconds?: number | null | undefined;
  scheduleSeconds?: readonly number[] | null | undefined;
  maxAgeSeconds?: number | null | undefined;
  jitter?: number | null | undefined;
  retryOn?: readonly RetryOn[] | 'all' | null | undefined;
}

/** The complete policy; with nothing given that of the profile. */
export function retryOf(input: RetryInput, profile: ProfileName, timeoutMs: number): RetryPolicy {
  const defaults = profiles[profile].retry;
  const own = Object.values(input).some(given);
  const backoffType = backoffTypeOf(input, profile);
  const policy = {
    maxRetries: input.maxRetries ?? defaults.maxRetries,
    backoffType,
    backoffSeconds: input.backoffSeconds ?? defaults.backoffSeconds,
    scheduleSeconds: backoffType === 'schedule' ? (input.scheduleSeconds ?? defaults.scheduleSeconds) : [],
    // A policy of the caller's own is exact unless it asks for jitter (seed 001).
    jitter: input.jitter ?? (own ? 0 : defaults.jitter),
    retryOn: input.retryOn === 'all' ? RETRY_ON : (input.retryOn ?? defaults.retryOn),
    honoursRetryAfter: defaults.honoursRetryAfter,
  };
  return { ...policy, maxAgeSeconds: input.maxAgeSeconds ?? defaultMaxAgeSeconds(policy, timeoutMs) };
}

/** The type a caller names or means: a field that only one kind of type reads is never without effect. */
function backoffTypeOf(input: RetryInput, profile: ProfileName): BackoffType {
  const { backoffType = null } = input;
  if (backoffType !== null) return backoffType;
  if (given(input.scheduleSeconds)) return 'schedule';
  const byDefault = profiles[profile].retry.backoffType;
  return byDefault === 'schedule' && given(input.backoffSeconds) ? 'exponential' : byDefault;
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/**
 * A stored policy with a change of some of its fields over it. Waits of another type of backoff give way, and so does a
 * maximum age that was counted from the policy.
 */
export function mergedRetry(stored: RetryPolicy, change: RetryInput, timeoutMs: number): RetryInput {
  const merged: RetryInput = { ...shownRetry(stored) };
  for (const field of overruled(stored.backoffType, change)) delete merged[field];
  return withoutCounted({ ...merged, ...change }, stored, timeoutMs);
}

/** A policy without the maximum age that the stored one has because it was counted: whoever sends it back has not set it. */
export function withoutCounted(input: RetryInput, stored: RetryPolicy, timeoutMs: number): RetryInput {
  const { maxAgeSeconds, ...rest } = input;
  const isCounted = maxAgeSeconds === defaultMaxAgeSeconds(stored, timeoutMs) && maxAgeSeconds === stored.maxAgeSeconds;
  return isCounted ? rest : input;
}

function overruled(stored: BackoffType, change: RetryInput): (keyof RetryInput)[] {
  const { backoffType, backoffSeconds, scheduleSeconds } = change;
  if (backoffType === undefined) {
    const isOther = given(stored === 'schedule' ? backoffSeconds : scheduleSeconds);
    return isOther ? ['backoffType', 'backoffSeconds', 'scheduleSeconds'] : [];
  }
  if (backoffType === null) return ['backoffSeconds', 'scheduleSeconds'];
  return [backoffType === 'schedule' ? 'backoffSeconds' : 'scheduleSeconds'];
}

/** What is wrong with a policy whose values are within their limits. */
export function retryErrors(retry: RetryInput, profile: ProfileName): FieldError[] {
  const type = backoffTypeOf(retry, profile);
  const isNamed = retry.backoffType === 'schedule' || given(retry.scheduleSeconds);
  if (type === 'schedule' && isNamed && (retry.scheduleSeconds ?? []).length === 0) {
    return [{ pointer: '/retryPolicy/scheduleSeconds', message: 'Needed with backoffType "schedule".' }];
  }
  const idle = type === 'schedule' ? 'backoffSeconds' : 'scheduleSeconds';
  if (!given(retry[idle])) return [];
  return [{ pointer: `/retryPolicy/${idle}`, message: `Has no effect with backoffType "${type}"; leave it out.` }];
}

/** A policy in the words of the API. */
export function shownRetry(retry: RetryPolicy) {
  return {
    maxRetries: retry.maxRetries,
    backoffType: retry.backoffType,
    ...(retry.backoffType === 'schedule'
      ? { scheduleSeconds: retry.scheduleSeconds }
      : { backoffSeconds: retry.backoffSeconds }),
    maxAgeSeconds: retry.maxAgeSeconds,
    jitter: retry.jitter,
    retryOn: retry.retryOn,
  };
}
