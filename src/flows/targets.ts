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
  mac: Ports['mac'],
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
      hold: holdOf(subscription),
    });
  }
  return { event, deliveries };
}

/** What keeps a subscription's new deliveries in its lane. */
export function holdOf(subscription: Pick<LiveSubscription, 'state'>): Hold | null {
  return subscription.state.kind === 'active' ? null : { reason: subscription.state.kind, key: '' };
}
