import type { HookEvent } from '../core/event.ts';
import { deliveryIdFor } from '../core/ids.ts';
import { decide, filterDocument } from '../core/match.ts';
import type { EventAppend, Hold, NewDelivery, Ports } from '../ports.ts';
import type { LiveConfiguration, LiveSubscription } from './configuration.ts';

/** An event with a delivery for each subscription that wants it. `data` is the parsed form of the event's bytes. */
export function eventAppend(
  event: HookEvent,
  data: unknown,
  configuration: LiveConfiguration,
  { mac, dispatch }: Pick<Ports, 'mac' | 'dispatch'>,
): EventAppend {
  const document = filterDocument(event, data);
  const deliveries: NewDelivery[] = [];
  for (const subscription of configuration.subscriptions.values()) {
    if (decide(subscription, event, document).kind !== 'wanted') continue;
    deliveries.push({
      deliveryId: deliveryIdFor(event.id, subscription.id, mac.sha256),
      subscriptionId: subscription.id,
      subscriptionVersion: subscription.version,
      delayMs: 0,
      hold: holdOfNew(subscription, event, dispatch),
    });
  }
  return { event, deliveries };
}

/** What keeps a new delivery in its subscription's lane: a person, its order, or what waits there before it. */
export function holdOfNew(
  subscription: Pick<LiveSubscription, 'id' | 'state' | 'config'>,
  event: Pick<HookEvent, 'orderingKey'>,
  dispatch: Pick<Ports['dispatch'], 'hold'>,
): Hold | null {
  const key = subscription.config?.ordered === true ? (event.orderingKey ?? '') : '';
  const held = holdOf(subscription);
  if (held !== null) return { ...held, key };
  if (key !== '') return { reason: 'ordered', key };
  const reason = dispatch.hold(subscription.id);
  return reason === null ? null : { reason, key };
}

/** What holds everything of a subscription: that it is paused, or switched off. */
export function holdOf(subscription: Pick<LiveSubscription, 'state'>): Hold | null {
  return subscription.state.kind === 'active' ? null : { reason: subscription.state.kind, key: '' };
}
