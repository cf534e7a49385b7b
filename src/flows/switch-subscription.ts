import type { OffReason, SubscriptionState } from '../core/subscription.ts';
import type { FlowPorts, LiveSubscription } from './configuration.ts';
import { putVersion } from './sealed-configuration.ts';

export type SwitchPorts = Pick<FlowPorts, 'store' | 'sealer' | 'configuration' | 'dispatch' | 'log'>;

/**
 * Switches a subscription off because of its receiver. It is a new version like any other change, so its ETag moves;
 * whoever changed it meanwhile wins, and the next failure says so again. A paused one is left to who paused it.
 */
export async function switchOff(ports: SwitchPorts, subscription: LiveSubscription, reason: OffReason): Promise<void> {
  const { id: subscriptionId, config, state } = subscription;
  if (config === null || !mayGoOff(state, reason)) return;
  const outcome = await putVersion(ports, subscription, config, { to: 'disabled', reason });
  if (outcome.kind === 'changed') ports.log.warn('subscription.disabled', { subscriptionId, reason });
}

/** A probe that finds the receiver gone ends the probing. */
function mayGoOff(state: SubscriptionState, reason: OffReason): boolean {
  if (state.kind === 'disabled') return state.reason === 'failures' && reason === 'gone';
  return state.kind === 'active';
}

/** Switches a subscription on again after a probe got through; only one that its failures switched off. */
export async function switchOn(ports: SwitchPorts, subscription: LiveSubscription): Promise<void> {
  const { id: subscriptionId, config, state } = subscription;
  if (config === null || state.kind !== 'disabled' || state.reason !== 'failures') return;
  const outcome = await putVersion(ports, subscription, config, { to: 'active' });
  if (outcome.kind === 'changed') ports.log.info('subscription.enabled', { subscriptionId });
}
