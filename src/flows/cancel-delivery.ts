import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { HoldReason, Ticket } from '../ports.ts';
import { type FlowPorts, type LiveSubscription, MAX_DECISIONS } from './configuration.ts';
import { closeWithoutTry } from './deliver.ts';

export interface CancelDelivery {
  tenant: Id;
  id: Id;
  by: Id | null;
}

/**
 * Closes an open delivery as cancelled. A try that is on its way may still arrive; its result changes nothing, and the
 * record says so.
 */
export async function cancelDelivery(
  ports: FlowPorts,
  request: CancelDelivery,
): Promise<{ kind: 'cancelled' } | Problem> {
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const outcome = await cancelOnce(ports, request);
    if (outcome.kind !== 'overtaken') return outcome;
  }
  return problem('store_unavailable', { detail: 'The delivery keeps changing.', retryAfterSeconds: 1 });
}

/** `overtaken`: a try was settled between reading and writing, and the delivery may be open still. */
async function cancelOnce(
  ports: FlowPorts,
  request: CancelDelivery,
): Promise<{ kind: 'cancelled' } | { kind: 'overtaken' } | Problem> {
  const view = await ports.store.delivery(request.tenant, request.id);
  const stored = view === null ? null : await ports.store.event(request.tenant, view.event.id);
  if (view === null || stored === null) return problem('not_found');
  if (view.open === null) return problem('delivery_closed');
  const ticket: Ticket = {
    deliveryId: view.deliveryId,
    eventId: view.event.id,
    subscriptionId: view.subscriptionId,
    n: view.last?.n ?? 0,
    kind: view.kind,
    place: view.open.place,
  };
  const configuration = await ports.configuration.of(request.tenant);
  const subscription = configuration.subscriptions.get(view.subscriptionId);
  const atMs = ports.clock.nowMs();
  const recalled = ports.dispatch.recall(ticket);
  const hold = view.open.hold?.reason ?? null;
  const mayRepeat = recalled === 'unknown' ? isSendable(ticket, subscription, hold, atMs) : recalled === 'under_way';
  const reason = `cancelled by ${request.by === null ? 'an administrator' : `key ${request.by}`}`;
  const settlement = closeWithoutTry(ticket, stored.event, subscription?.version ?? 0, {
    closes: 'cancelled',
    failure: 'cancelled',
    atMs,
    facts: mayRepeat ? { reason, underWay: `${ticket.n + 1}` } : { reason },
    mayRepeat,
  });
  const [outcome] = await ports.store.settle({ settlements: [settlement], health: new Map() });
  if (outcome?.kind !== 'settled') return { kind: 'overtaken' };
  ports.dispatch.withdraw(ticket.deliveryId);
  return { kind: 'cancelled' };
}

/** Whether another process may be sending a delivery: nothing holds it back, and its time has come. */
function isSendable(
  { place }: Ticket,
  subscription: LiveSubscription | undefined,
  hold: HoldReason | null,
  nowMs: number,
): boolean {
  const fromMs = place.kind === 'due' ? place.dueMs : place.notBeforeMs;
  return subscription?.state.kind === 'active' && hold !== 'circuit' && fromMs <= nowMs;
}
