/** What the owner of a subscription is told when its receiver keeps failing: events like any other, each once. */
import { disableRule, type Health, isExhausted, type Mark, markOf, type ToldPercent } from './health.ts';
import type { Id } from './ids.ts';
import { type SaidReason, type Subscription, type SubscriptionState, saidReason } from './subscription.ts';
import { isoTime } from './time.ts';
import { nameOf, type SubscriptionName, type ToldConfig } from './warning.ts';

/** The events about subscriptions, by type, with their data. */
export interface AnnouncedData {
  'subscription.warning': {
    subscription: SubscriptionName;
    consecutiveFailures: number;
    threshold: number;
    percent: Mark;
  };
  'subscription.disabled': { subscription: SubscriptionName; reason: SaidReason; since: string };
  'subscription.enabled': { subscription: SubscriptionName };
}

/** One of them. Its `id` is the same for the same news, so that what is told again after a crash is known as told. */
export type AnnouncedEvent = {
  [Type in keyof AnnouncedData]: { type: Type; id: string; data: AnnouncedData[Type] };
}[keyof AnnouncedData];

export interface Announcement {
  /** null when there is only something to forget. */
  event: AnnouncedEvent | null;
  /** What counts as told once the event was accepted. */
  told: ToldPercent;
}

/** What an announcement is made from; null for a configuration that cannot be read. */
export type Announced = Pick<Subscription, 'id' | 'createdAtMs' | 'updatedAtMs' | 'state'> & {
  config: ToldConfig | null;
};

/**
 * What is yet to be told of a subscription, or null: compares what stands with what was told last. News that came and
 * went untold is not told. A streak that has just become long enough to switch the subscription off is no warning any
 * more: that it is off will be said.
 */
export function announcementFor(subscription: Announced, health: Health): Announcement | null {
  const { config, state, createdAtMs } = subscription;
  if (config === null) return null;
  const told = health.toldPercent;
  if (state.kind === 'disabled') {
    return told === 100 || isBornOff(state, createdAtMs) ? null : disabled(subscription.id, state, config);
  }
  if (told === 100) return enabled(subscription, config);
  if (health.consecutiveFailures === 0) return told === 0 ? null : { event: null, told: 0 };
  return warning(subscription.id, config, health);
}

type Off = Extract<SubscriptionState, { kind: 'disabled' }>;

/** Created switched off: its owner knows. */
function isBornOff({ reason, sinceMs }: Off, createdAtMs: number): boolean {
  return reason === 'user' && sinceMs === createdAtMs;
}

function disabled(id: Id, { reason, sinceMs }: Off, config: ToldConfig): Announcement {
  const data = { subscription: nameOf(id, config), reason: saidReason(reason), since: isoTime(sinceMs) };
  return { told: 100, event: { type: 'subscription.disabled', id: newsId('disabled', id, sinceMs), data } };
}

/** Enabling is the latest change of its version, unless somebody changed it in the moment between. */
function enabled({ id, updatedAtMs }: Pick<Announced, 'id' | 'updatedAtMs'>, config: ToldConfig): Announcement {
  const data = { subscription: nameOf(id, config) };
  return { told: 0, event: { type: 'subscription.enabled', id: newsId('enabled', id, updatedAtMs), data } };
}

function warning(id: Id, config: ToldConfig, health: Health): Announcement | null {
  const { consecutiveFailures, firstFailureAtMs, lastFailureAtMs, toldPercent } = health;
  const rule = disableRule(config);
  if (rule === null || isExhausted(health, rule, lastFailureAtMs ?? 0)) return null;
  const percent = markOf(health, rule);
  if (percent === 0 || percent <= toldPercent) return null;
  const data = { subscription: nameOf(id, config), consecutiveFailures, threshold: rule.threshold, percent };
  return {
    told: percent,
    event: { type: 'subscription.warning', id: newsId('warning', id, firstFailureAtMs, percent), data },
  };
}

function newsId(kind: string, ...parts: readonly (string | number | null)[]): string {
  return [`subscription.${kind}`, ...parts].join('/');
}
