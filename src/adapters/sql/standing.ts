/** Columns that say how a subscription stands: its state and its health. */
import type { ToldPercent } from '../../core/health.ts';
import type { DisabledReason, SubscriptionState } from '../../core/subscription.ts';
import type { Health } from '../../ports/store.ts';

export interface HealthColumns {
  consecutive_failures: number;
  first_failure_ms: number | null;
  last_delivery_ms: number | null;
  last_status_code: number | null;
  last_success_ms: number | null;
  last_failure_ms: number | null;
  told_percent: ToldPercent;
}

export interface StandingColumns {
  state: SubscriptionState['kind'];
  state_since_ms: number | null;
  state_reason: DisabledReason | null;
}

export function stateOf(row: StandingColumns): SubscriptionState {
  const sinceMs = row.state_since_ms ?? 0;
  switch (row.state) {
    case 'active':
      return { kind: 'active' };
    case 'paused':
      return { kind: 'paused', sinceMs };
    case 'disabled':
      return { kind: 'disabled', sinceMs, reason: row.state_reason ?? 'user' };
  }
}

export function healthOf(row: HealthColumns): Health {
  return {
    consecutiveFailures: row.consecutive_failures,
    firstFailureAtMs: row.first_failure_ms,
    lastDeliveryAtMs: row.last_delivery_ms,
    lastStatusCode: row.last_status_code,
    lastSuccessAtMs: row.last_success_ms,
    lastFailureAtMs: row.last_failure_ms,
    toldPercent: row.told_percent,
  };
}
