/** Sending an item, and what is reported of a settled turn. */
import type { HookEvent } from '../core/event.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { closeWithoutTry, type DeliverPorts, deliver, type Tried } from '../flows/deliver.ts';
import type { Ports, Settlement } from '../ports.ts';
import type { Item } from './item.ts';
import type { TurnDecision } from './turn-decision.ts';

/**
 * A delivery that was on its way each time the process ended, this many times, is isolated (S4). From the second time
 * on it is on its way alone among those suspected with it, so that one that ends the process is told from the others.
 */
export const POISON_AFTER = 3;

export type TryPorts = DeliverPorts & Pick<Ports, 'store' | 'log' | 'metrics'>;

/** What a turn came to: a settlement, and the try behind it if one was made. */
export interface Turn {
  settlement: Settlement;
  tried: Tried | null;
}

/** The sends that may end the process, one after the other. */
export interface Isolation {
  last: Promise<unknown>;
}

/** Makes the try that was decided. Never rejects for anything a receiver does. */
export async function trySending(
  ports: TryPorts,
  item: Item,
  { subscription, config }: Extract<TurnDecision, { kind: 'send' }>,
  isolation: Isolation,
  onItsWay?: () => void,
): Promise<Turn> {
  const send = async (): Promise<Turn> => {
    const tried = await deliver(ports, { ...item, subscription, config, ...(onItsWay && { onItsWay }) });
    return { settlement: tried.settlement, tried };
  };
  if (!item.mayRepeat) return send();
  const { ticket, event } = item;
  const [times = 0] = await ports.store.intend([{ deliveryId: ticket.deliveryId, n: ticket.n + 1 }]);
  if (times >= POISON_AFTER) return { settlement: poison(ports, item, event, subscription), tried: null };
  if (times < POISON_AFTER - 1) return send();
  const alone = isolation.last.then(send);
  isolation.last = alone.catch(() => undefined);
  return alone;
}

function poison(ports: TryPorts, { ticket }: Item, event: HookEvent, { version }: LiveSubscription): Settlement {
  ports.log.error('delivery.poison', { deliveryId: ticket.deliveryId, eventId: event.id });
  const atMs = ports.clock.nowMs();
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
