/** Sending an item, and what is reported of a settled turn. */
import type { HookEvent } from '../core/event.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { findCredentials } from '../flows/credentials.ts';
import { closeWithoutTry, type DeliverPorts, deliver, type Tried } from '../flows/deliver.ts';
import type { Ports, Settlement } from '../ports.ts';
import type { Item } from './item.ts';
import { type TurnDecision, waitFor } from './turn-decision.ts';

/**
 * A delivery that was on its way each time the process ended, this many times, is isolated (S4). From the second time
 * on it is on its way alone among those suspected with it, so that one that ends the process is told from the others.
 */
export const POISON_AFTER = 3;

/** Tries are numbered from 1; under this number stands how often a delivery was sent alone. */
const ALONE = 0;

export type TryPorts = DeliverPorts & Pick<Ports, 'store' | 'log' | 'metrics'>;

/** What a turn came to: a settlement, and the try behind it if one was made. */
export interface Turn {
  settlement: Settlement;
  tried: Tried | null;
}

/** A settlement that no try is behind. */
export function unsent(settlement: Settlement): Turn {
  return { settlement, tried: null };
}

/** A try that was made, or why none could be. */
type Made = { kind: 'turn'; turn: Turn } | Extract<TurnDecision, { kind: 'wait' }>;

/** The sends that may end the process, one after the other. */
export interface Isolation {
  last: Promise<unknown>;
}

/** What a suspect waited for has passed; much may have happened meanwhile. */
export type SecondThoughts<Other> = () => Extract<TurnDecision, { kind: 'send' }> | Other;

/**
 * Makes the try that was decided. Never rejects for anything a receiver does.
 * @param again decides once more when the try had to wait; anything but a send comes back to the caller
 */
export async function trySending<Other extends { kind: string }>(
  ports: TryPorts,
  item: Item,
  decision: Extract<TurnDecision, { kind: 'send' }>,
  isolation: Isolation,
  again: SecondThoughts<Other>,
  onItsWay?: () => void,
): Promise<Made | Other> {
  if (!item.mayRepeat) return send(ports, item, decision, onItsWay);
  // Before anything is noted: one that was never sent is not charged for an end of the process.
  const found = await findCredentials(ports, decision.config);
  if (found.kind === 'missing') return waitFor(item.ticket, { reference: found.reference, reason: found.reason });
  const times = await noted(ports, item, item.ticket.n + 1);
  const isTogether = times < POISON_AFTER - 1;
  const sendIfStill = async () => {
    const next = again();
    if (!isSend(next)) return next;
    // Noted in its turn only: one that merely waited behind another when the process ended is not charged for it.
    if (!isTogether && (await noted(ports, item, ALONE)) > 1) return poison(ports, item, next.subscription);
    return send(ports, item, next, onItsWay);
  };
  if (isTogether) return sendIfStill();
  const alone = isolation.last.then(sendIfStill);
  isolation.last = alone.catch(() => undefined);
  return alone;
}

async function noted({ store }: TryPorts, { ticket: { deliveryId } }: Item, n: number): Promise<number> {
  const [times = 0] = await store.intend([{ deliveryId, n }]);
  return times;
}

function isSend(next: { kind: string }): next is Extract<TurnDecision, { kind: 'send' }> {
  return next.kind === 'send';
}

async function send(
  ports: TryPorts,
  item: Item,
  { subscription, config }: Extract<TurnDecision, { kind: 'send' }>,
  onItsWay?: () => void,
): Promise<Made> {
  const tried = await deliver(ports, { ...item, subscription, config, ...(onItsWay && { onItsWay }) });
  const { failure, detail } = tried.settlement.attempt;
  if (failure === 'secret_unavailable') return waitFor(item.ticket, detail.facts);
  return { kind: 'turn', turn: { settlement: tried.settlement, tried } };
}

function poison(ports: TryPorts, { ticket, event }: Item, { version }: LiveSubscription): { kind: 'turn'; turn: Turn } {
  ports.log.error('delivery.poison', { deliveryId: ticket.deliveryId, eventId: event.id });
  const atMs = ports.clock.nowMs();
  const why = { closes: 'failed_permanent', failure: 'poison', atMs } as const;
  return { kind: 'turn', turn: unsent(closeWithoutTry(ticket, event, version, why)) };
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
