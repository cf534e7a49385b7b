/** Taking an item's turn: what was decided is done, and what came of it is reported. */
import type { HookEvent } from '../core/event.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { closeWithoutTry, type DeliverPorts, deliver, type Tried } from '../flows/deliver.ts';
import type { Ports, Settlement } from '../ports.ts';
import type { Item } from './item.ts';
import { decideTurn } from './turn-decision.ts';

/**
 * After this many sends that may each have ended the process, the delivery is isolated (S4). Whether it or somebody's
 * kill -9 ended the process cannot be told, so the number is one that only a loop of crashes reaches (decision 0007).
 */
export const POISON_AFTER = 10;

export type TryPorts = DeliverPorts & Pick<Ports, 'store' | 'log' | 'metrics'>;

/** What a turn came to: a settlement, and the try behind it if one was made. */
export interface Turn {
  settlement: Settlement;
  tried: Tried | null;
}

/** Takes one item's turn. Never rejects for anything a receiver does. */
export async function takeTurn(ports: TryPorts, item: Item, subscription: LiveSubscription | undefined): Promise<Turn> {
  const atMs = ports.clock.nowMs();
  const decision = decideTurn(item, subscription, atMs);
  switch (decision.kind) {
    case 'settle':
      return { settlement: decision.settlement, tried: null };
    case 'wait': {
      const subscriptionId = item.ticket.subscriptionId;
      ports.log.error('delivery.secret_unavailable', { subscriptionId, keyId: decision.keyId });
      return { settlement: decision.settlement, tried: null };
    }
    case 'send': {
      const isolated = item.mayRepeat ? await isolate(ports, item, decision.subscription.version, atMs) : null;
      if (isolated !== null) return { settlement: isolated, tried: null };
      const { subscription: live, config } = decision;
      const tried = await deliver(ports, { ...item, subscription: live, config });
      return { settlement: tried.settlement, tried };
    }
  }
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
