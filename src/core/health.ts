import type { AttemptRecord } from './attempt.ts';

/** What happened last to a subscription. */
export interface Health {
  /** Closed deliveries in a row that were not delivered. */
  consecutiveFailures: number;
  firstFailureAtMs: number | null;
  lastDeliveryAtMs: number | null;
  lastStatusCode: number | null;
  lastSuccessAtMs: number | null;
  lastFailureAtMs: number | null;
}

/** The health of a subscription nothing was sent to. */
export const NO_HEALTH: Health = {
  consecutiveFailures: 0,
  firstFailureAtMs: null,
  lastDeliveryAtMs: null,
  lastStatusCode: null,
  lastSuccessAtMs: null,
  lastFailureAtMs: null,
};

/**
 * The health after one more attempt. Only a closed failure lengthens the streak; a success ends it. What was never sent
 * is no last delivery, and what somebody cancelled is no failure of the receiver.
 */
export function afterAttempt(
  health: Health,
  attempt: Pick<AttemptRecord, 'atMs' | 'sent' | 'delivered' | 'statusCode' | 'closes'>,
): Health {
  if (attempt.closes === 'cancelled') return health;
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
