/** The life of a delivery: what a try's answer means for it, and which status it therefore has. */
import type { Answer, Closing, DeliveryStatus } from './attempt.ts';
import { type FailureCode, failureOfStatus, failureRetry } from './failure.ts';
import { parseRetryAfterMs, type RetryOn, type RetryPolicy, retryDelayMs } from './retry.ts';

/** What is known besides the answer. */
export interface TryContext {
  /** Number of this try, from 1. */
  n: number;
  /** Age of the delivery in milliseconds, without the time it was paused. */
  ageMs: number;
  nowMs: number;
  /** In [0, 1). */
  roll: number;
  /** Whether the profile lets 410 switch the subscription off. */
  goneDisables: boolean;
  /** Whether the profile lets the response header `webhook-delivery` end the delivery or switch the subscription off. */
  heedsReceiver: boolean;
}

/** What happens to the delivery. */
export type NextState = { kind: 'close'; closes: Closing } | { kind: 'retry'; delayMs: number };

export interface Judgement {
  delivered: boolean;
  failure: FailureCode | null;
  next: NextState;
  /** The receiver is gone, or asks for it: its subscription is to be switched off. */
  disable: boolean;
  /** Why it ends although tries are left, as facts for the sentence of its failure. */
  because: Readonly<Record<string, string>>;
}

/**
 * Judges one try. 2xx closes as succeeded; a failure the policy does not retry closes as failed; one it does is
 * tried again unless the tries are used up (failed) or the wait would pass the maximum age (expired). What we broke off
 * ourselves is tried again whatever the policy says: stopping the process is to cost no more than a crash of it.
 */
export function judge(answer: Answer, policy: RetryPolicy, context: TryContext): Judgement {
  const failure = answer.kind === 'response' ? failureOfStatus(answer.status) : answer.code;
  const wish = context.heedsReceiver ? wishOf(answer) : undefined;
  const disable = wish === 'disable' || (failure === 'http_410' && context.goneDisables);
  if (failure === null) {
    return { delivered: true, failure, next: { kind: 'close', closes: 'succeeded' }, disable, because: {} };
  }
  if (answer.kind === 'failure' && failureRetry(answer.code) === 'always') {
    return { delivered: false, failure, next: { kind: 'retry', delayMs: 0 }, disable, because: {} };
  }
  const again = wish === undefined && !disable && context.n <= policy.maxRetries && isRetried(answer, policy.retryOn);
  const next: NextState = again ? wait(answer, policy, context) : { kind: 'close', closes: 'failed_permanent' };
  return { delivered: false, failure, next, disable, because: because(answer, wish, next, policy) };
}

function because(
  answer: Answer,
  wish: string | undefined,
  next: NextState,
  { retryOn, maxAgeSeconds }: RetryPolicy,
): Judgement['because'] {
  if (wish !== undefined) return { wish };
  if (next.kind === 'retry') return {};
  if (next.closes === 'expired') return { maxAgeSeconds: `${maxAgeSeconds}` };
  if (answer.kind === 'failure' || isRetried(answer, retryOn)) return {};
  return { unlisted: statusClasses(answer.status)[0] };
}

/** A last try starts this long before the maximum age, so that a queue does not make it too late. */
const LAST_TRY_MARGIN_MS = 5000;

function wait(answer: Answer, policy: RetryPolicy, context: TryContext): NextState {
  const plannedMs = retryDelayMs(policy, context.n, context.roll);
  const askedMs =
    policy.honoursRetryAfter && answer.kind === 'response'
      ? (parseRetryAfterMs(answer.headers['retry-after'], context.nowMs) ?? 0)
      : 0;
  const leftMs = policy.maxAgeSeconds * 1000 - context.ageMs;
  if (plannedMs > leftMs) return { kind: 'close', closes: 'expired' };
  // Who asks for more time than is left gets what is left: one more try is better than none.
  return { kind: 'retry', delayMs: Math.max(plannedMs, Math.min(askedMs, leftMs - LAST_TRY_MARGIN_MS)) };
}

/** What the receiver says of further tries, where it says one of the two words it may. */
function wishOf(answer: Answer): 'abort-message' | 'disable' | undefined {
  const word = answer.kind === 'response' ? answer.headers['webhook-delivery']?.trim() : undefined;
  return word === 'abort-message' || word === 'disable' ? word : undefined;
}

function isRetried(answer: Answer, retryOn: readonly RetryOn[]): boolean {
  if (answer.kind === 'failure') {
    return failureRetry(answer.code) !== 'never' && retryOn.includes('network');
  }
  return statusClasses(answer.status).some((name) => retryOn.includes(name));
}

/** The `retryOn` words that cover a status; `4xx` covers the three that also stand alone. */
function statusClasses(status: number): readonly [RetryOn, ...RetryOn[]] {
  if (status >= 500 && status < 600) return ['5xx'];
  if (status === 408 || status === 425 || status === 429) return [`${status}`, '4xx'];
  if (status >= 400 && status < 500) return ['4xx'];
  if (status >= 300 && status < 400) return ['3xx'];
  // 1xx as a final answer and codes of 600 and more are protocol failures.
  return ['network'];
}

/** The status of a delivery: open ones by their tries, closed ones by how their last attempt closed them. */
export function statusOf(state: { open: boolean; attempts: number; closes: Closing | null }): DeliveryStatus {
  if (!state.open && state.closes !== null) return state.closes;
  return state.attempts === 0 ? 'pending' : 'failed_retry';
}
