import type { AttemptRecord } from './attempt.ts';
import { type AutoDisable, profiles } from './profile.ts';
import type { SubscriptionConfig } from './subscription.ts';

/**
 * What a subscription's owner was last told of its streak: the mark it passed, in percent of the number at which it is
 * switched off; 100 = that it is switched off.
 */
export type ToldPercent = 0 | 50 | 70 | 90 | 100;

/** What happened last to a subscription. */
export interface Health {
  /** Closed deliveries in a row that were not delivered. */
  consecutiveFailures: number;
  firstFailureAtMs: number | null;
  /** Kept with the streak, so that a restart neither forgets to tell nor tells twice. */
  toldPercent: ToldPercent;
  lastDeliveryAtMs: number | null;
  lastStatusCode: number | null;
  lastSuccessAtMs: number | null;
  lastFailureAtMs: number | null;
}

/** The health of a subscription nothing was sent to. */
export const NO_HEALTH: Health = {
  consecutiveFailures: 0,
  firstFailureAtMs: null,
  toldPercent: 0,
  lastDeliveryAtMs: null,
  lastStatusCode: null,
  lastSuccessAtMs: null,
  lastFailureAtMs: null,
};

/**
 * The health after one more attempt. Only a closed failure lengthens the streak; a success ends it. What was never sent
 * is no last delivery, and what somebody cancelled, or what ended our own process, is no failure of the receiver.
 */
export function afterAttempt(
  health: Health,
  attempt: Pick<AttemptRecord, 'atMs' | 'sent' | 'delivered' | 'statusCode' | 'closes' | 'failure'>,
): Health {
  if (attempt.closes === 'cancelled' || attempt.failure === 'poison') return health;
  const last = attempt.sent ? { lastDeliveryAtMs: attempt.atMs, lastStatusCode: attempt.statusCode } : {};
  if (attempt.delivered) {
    return { ...health, ...last, consecutiveFailures: 0, firstFailureAtMs: null, lastSuccessAtMs: attempt.atMs };
  }
  const closed = attempt.closes === 'failed_permanent' || attempt.closes === 'expired';
  return {
    ...health,
    ...last,
    lastFailureAtMs: attempt.atMs,
    consecutiveFailures: health.consecutiveFailures + (closed ? 1 : 0),
    firstFailureAtMs: health.firstFailureAtMs ?? (closed ? attempt.atMs : null),
  };
}

/** When a streak of failed deliveries switches a subscription off. */
export type DisableRule = Pick<AutoDisable, 'threshold' | 'minSpanMs'>;

/**
 * The rule of a subscription: its profile's, or a threshold of its own, which decides alone. A profile without a rule is
 * exempt, whatever threshold the subscription names.
 */
export function disableRule({
  profile,
  autoDisableThreshold,
}: Pick<SubscriptionConfig, 'profile' | 'autoDisableThreshold'>): DisableRule | null {
  const { autoDisable } = profiles[profile];
  if (autoDisable === null) return null;
  if (autoDisableThreshold !== null) return { threshold: autoDisableThreshold, minSpanMs: 0 };
  return { threshold: autoDisable.threshold, minSpanMs: autoDisable.minSpanMs };
}

/** Whether a streak is long and old enough for switching off. */
export function isExhausted(
  health: Pick<Health, 'consecutiveFailures' | 'firstFailureAtMs'>,
  { threshold, minSpanMs }: DisableRule,
  nowMs: number,
): boolean {
  return health.consecutiveFailures >= threshold && nowMs - (health.firstFailureAtMs ?? nowMs) >= minSpanMs;
}

/** How far a streak is, in percent of the number at which the subscription is switched off. */
export type Mark = 50 | 70 | 90;

const MARKS: readonly Mark[] = [90, 70, 50];

/** The highest mark a streak has passed; 0 for none. */
export function markOf({ consecutiveFailures }: Pick<Health, 'consecutiveFailures'>, rule: DisableRule): Mark | 0 {
  return MARKS.find((mark) => consecutiveFailures * 100 >= mark * rule.threshold) ?? 0;
}

/** The health once the subscription was enabled again: the streak begins anew, what its owner was told stays. */
export function withoutStreak(health: Health): Health {
  return { ...health, consecutiveFailures: 0, firstFailureAtMs: null };
}
