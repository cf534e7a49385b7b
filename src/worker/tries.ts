/** What to do with one item whose turn has come: hold it, close it, or make a try and settle what came of it. */
import type { HookEvent } from '../core/event.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { ageMs, closeWithoutTry, type DeliverPorts, deliver, type Tried } from '../flows/deliver.ts';
import { holdOf } from '../flows/targets.ts';
import type { Ports, Settlement } from '../ports.ts';
import type { Item } from './item.ts';

/**
 * After this many sends that may each have ended the process, the delivery is isolated (S4). Whether it or somebody's
 * kill -9 ended the process cannot be told, so the number is one that only a loop of crashes reaches (decision 0007).
 */
export const POISON_AFTER = 10;
/** How soon a delivery whose secret cannot be opened is looked at again. */
const SECRET_RETRY_MS = 60_000;

export type TryPorts = DeliverPorts & Pick<Ports, 'store' | 'log' | 'metrics'>;

/** What a turn came to: a settlement, and the try behind it if one was made. */
export interface Turn {
  settlement: Settlement;
  tried: Tried | null;
}

/** Takes one item's turn. Never rejects for anything a receiver does. */
export async function takeTurn(ports: TryPorts, item: Item, subscription: LiveSubscription | undefined): Promise<Turn> {
  const withoutTry = await unsent(ports, item, subscription);
  if (withoutTry !== null) return { settlement: withoutTry, tried: null };
  const { config } = subscription as LiveSubscription & { config: SubscriptionConfig };
  const tried = await deliver(ports, { ...item, subscription: subscription as LiveSubscription, config });
  return { settlement: tried.settlement, tried };
}

/** The settlement of an item that is not to be sent now; null when it is. */
async function unsent(
  ports: TryPorts,
  item: Item,
  subscription: LiveSubscription | undefined,
): Promise<Settlement | null> {
  const { ticket, event } = item;
  const atMs = ports.clock.nowMs();
  if (subscription === undefined) {
    const facts = { reason: 'its subscription was deleted' };
    return closeWithoutTry(ticket, event, 0, { closes: 'cancelled', failure: 'cancelled', atMs, facts });
  }
  const { version } = subscription;
  // A test is sent by whoever asked for it; here it only turns up after a crash.
  if (ticket.kind === 'test') {
    const facts = { reason: 'the process ended during the test' };
    return closeWithoutTry(ticket, event, version, { closes: 'cancelled', failure: 'cancelled', atMs, facts });
  }
  const hold = holdOf(subscription);
  if (hold !== null) return { ticket, attempt: null, next: { kind: 'park', hold, delayMs: 0 } };
  if (subscription.config === null) {
    ports.log.error('delivery.secret_unavailable', {
      subscriptionId: subscription.id,
      keyId: subscription.missingKeyId,
    });
    return { ticket, attempt: null, next: { kind: 'retry', delayMs: SECRET_RETRY_MS } };
  }
  const age = ageMs({ ticket, event, subscription }, atMs);
  if (age > subscription.config.retry.maxAgeSeconds * 1000) {
    const facts = { age: `${Math.round(age / 1000)} s` };
    return closeWithoutTry(ticket, event, version, { closes: 'expired', failure: 'expired', atMs, facts });
  }
  return item.mayRepeat ? isolate(ports, item, version, atMs) : null;
}

/** Notes a send that may repeat, and gives a delivery up that ended the process before. */
async function isolate(
  ports: TryPorts,
  { ticket, event }: Item,
  version: number,
  atMs: number,
): Promise<Settlement | null> {
  const [times = 0] = await ports.store.intend([{ deliveryId: ticket.deliveryId, n: ticket.n + 1 }]);
  if (times < POISON_AFTER) return null;
  ports.log.error('delivery.poison', { deliveryId: ticket.deliveryId, eventId: event.id });
  return closeWithoutTry(ticket, event, version, { closes: 'failed_permanent', failure: 'poison', atMs });
}

/** One wide line and the figures of a settled turn, all from the same values. */
export function report(ports: Pick<Ports, 'log' | 'metrics'>, event: HookEvent, { settlement, tried }: Turn): void {
  const { attempt, ticket } = settlement;
  if (attempt === null) return;
  if (attempt.closes !== null) ports.metrics.count('deliveries_closed_total', { status: attempt.closes });
  if (tried !== null) {
    ports.metrics.count('attempts_total', { outcome: attempt.failure ?? 'delivered' });
    ports.metrics.observe('attempt_seconds', tried.answer.phases.total / 1000);
    if (attempt.n === 1 && ticket.kind === 'first') {
      ports.metrics.observe('accept_to_send_seconds', (attempt.atMs - event.acceptedAtMs) / 1000);
    }
  }
  const fields = {
    deliveryId: ticket.deliveryId,
    subscriptionId: ticket.subscriptionId,
    eventId: event.id,
    type: event.type,
    attempt: attempt.n,
    statusCode: attempt.statusCode,
    failure: attempt.failure,
    closes: attempt.closes,
    retryInMs: settlement.next.kind === 'retry' ? settlement.next.delayMs : null,
    responseTimeMs: attempt.responseTimeMs,
    mayRepeat: attempt.detail.mayRepeat || undefined,
  };
  // What went well is a line for debugging: at thousands a second it would cost more than the delivery.
  if (attempt.delivered) ports.log.debug('delivery.settled', fields);
  else ports.log.info('delivery.settled', fields);
}
