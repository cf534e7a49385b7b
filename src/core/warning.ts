/** What is open now about a subscription whose receiver keeps failing. Times are milliseconds since the epoch. */
import { disableRule, type Health, type Mark, markOf } from './health.ts';
import type { Id } from './ids.ts';
import { type OffReason, type Subscription, type SubscriptionConfig, saidReason } from './subscription.ts';

/** What a subscription is called where it is spoken of. Its URL may hold secrets; the host may not. */
export interface SubscriptionName {
  id: Id;
  name: string;
  host: string;
  owner: string | null;
}

/** What of its configuration is told, and decides what is told. */
export type ToldConfig = Pick<SubscriptionConfig, 'name' | 'url' | 'owner' | 'profile' | 'autoDisableThreshold'>;

export interface Warning {
  kind: 'warning' | 'disabled';
  subscription: SubscriptionName;
  consecutiveFailures: number;
  /** Failures in a row at which it is switched off; null where its profile is exempt. */
  threshold: number | null;
  /** The highest mark passed; 100 = it is switched off. */
  percent: Mark | 100;
  /** Since the first failure of the streak, or since it was switched off. */
  sinceMs: number | null;
  /** Why it was switched off; null while it is on. */
  reason: OffReason | null;
}

/** The name of a subscription. */
export function nameOf(
  id: Id,
  { name, url, owner }: Pick<SubscriptionConfig, 'name' | 'url' | 'owner'>,
): SubscriptionName {
  return { id, name, host: new URL(url).host, owner };
}

/**
 * What is open about a subscription, or null. What a person switched off needs no warning; nothing can be said of one
 * whose configuration cannot be read.
 */
export function warningOf(
  { id, state, config }: Pick<Subscription, 'id' | 'state'> & { config: ToldConfig | null },
  health: Pick<Health, 'consecutiveFailures' | 'firstFailureAtMs'>,
): Warning | null {
  if (config === null) return null;
  const { consecutiveFailures, firstFailureAtMs } = health;
  const rule = disableRule(config);
  const open = { subscription: nameOf(id, config), consecutiveFailures, threshold: rule?.threshold ?? null };
  if (state.kind === 'disabled') {
    const { sinceMs } = state;
    const reason = saidReason(state.reason);
    return reason === 'user' ? null : { kind: 'disabled', ...open, percent: 100, sinceMs, reason };
  }
  const percent = rule === null ? 0 : markOf(health, rule);
  if (percent === 0) return null;
  return { kind: 'warning', ...open, percent, sinceMs: firstFailureAtMs, reason: null };
}
