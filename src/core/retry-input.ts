/** A retry policy as a caller writes it, and what it comes to beside the profile's own. */
import type { FieldError } from './problem.ts';
import { type ProfileName, profiles } from './profile.ts';
import { type BackoffType, defaultMaxAgeSeconds, type RetryOn, type RetryPolicy } from './retry.ts';

export interface RetryInput {
  maxRetries?: number | undefined;
  backoffType?: BackoffType | undefined;
  backoffSeconds?: number | undefined;
  scheduleSeconds?: readonly number[] | undefined;
  maxAgeSeconds?: number | undefined;
  jitter?: number | undefined;
  retryOn?: readonly RetryOn[] | 'all' | undefined;
}

const ALL_CAUSES: readonly RetryOn[] = ['network', '5xx', '408', '425', '429', '4xx', '3xx'];

/** The complete policy; with nothing given that of the profile. */
export function retryOf(input: RetryInput, profile: ProfileName, timeoutMs: number): RetryPolicy {
  const defaults = profiles[profile].retry;
  const own = Object.values(input).some((value) => value !== undefined);
  const backoffType = backoffTypeOf(input, profile);
  const policy = {
    maxRetries: input.maxRetries ?? defaults.maxRetries,
    backoffType,
    backoffSeconds: input.backoffSeconds ?? defaults.backoffSeconds,
    scheduleSeconds: backoffType === 'schedule' ? (input.scheduleSeconds ?? defaults.scheduleSeconds) : [],
    // A policy of the caller's own is exact unless it asks for jitter (seed 001).
    jitter: input.jitter ?? (own ? 0 : defaults.jitter),
    retryOn: input.retryOn === 'all' ? ALL_CAUSES : (input.retryOn ?? defaults.retryOn),
    honoursRetryAfter: defaults.honoursRetryAfter,
  };
  return { ...policy, maxAgeSeconds: input.maxAgeSeconds ?? defaultMaxAgeSeconds(policy, timeoutMs) };
}

/** The type a caller names or means: a field that only one kind of type reads is never without effect. */
function backoffTypeOf(input: RetryInput, profile: ProfileName): BackoffType {
  if (input.backoffType !== undefined) return input.backoffType;
  if (input.scheduleSeconds !== undefined) return 'schedule';
  const byDefault = profiles[profile].retry.backoffType;
  return byDefault === 'schedule' && input.backoffSeconds !== undefined ? 'exponential' : byDefault;
}

/** What is wrong with a policy whose values are within their limits. */
export function retryErrors(retry: RetryInput, profile: ProfileName): FieldError[] {
  const type = backoffTypeOf(retry, profile);
  const isNamed = retry.backoffType === 'schedule' || retry.scheduleSeconds !== undefined;
  if (type === 'schedule' && isNamed && (retry.scheduleSeconds ?? []).length === 0) {
    return [{ pointer: '/retryPolicy/scheduleSeconds', message: 'Needed with backoffType "schedule".' }];
  }
  const idle = type === 'schedule' ? 'backoffSeconds' : 'scheduleSeconds';
  if (retry[idle] === undefined) return [];
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
