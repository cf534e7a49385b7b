import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { IdempotencyClaim } from '../ports.ts';
import type { FlowPorts } from './configuration.ts';
import type { Repeated } from './sealed-configuration.ts';
import { holdOf } from './targets.ts';

export interface Redeliver {
  tenant: Id;
  /** The delivery to repeat; its own schedule is left as it is. */
  id: Id;
  by: Id | null;
  claims?: (made: { deliveryId: Id }) => readonly IdempotencyClaim[];
}

/** Sends the same event to the same subscription again, as a new delivery that points back at the first. */
export async function redeliver(
  ports: FlowPorts,
  request: Redeliver,
): Promise<{ kind: 'made'; deliveryId: Id } | Repeated | Problem> {
  const { tenant, id } = request;
  const view = await ports.store.delivery(tenant, id);
  if (view === null) return problem('not_found');
  const configuration = await ports.configuration.current(tenant);
  const subscription = configuration.subscriptions.get(view.subscriptionId);
  if (subscription === undefined) return problem('not_found');
  if (subscription.state.kind === 'disabled') return problem('subscription_disabled');
  const deliveryId = idAt(ports.clock.nowMs(), ports.random.bytes(16));
  const outcome = await ports.store.redeliver({
    tenant,
    delivery: {
      deliveryId,
      subscriptionId: subscription.id,
      subscriptionVersion: subscription.version,
      delayMs: 0,
      hold: holdOf(subscription),
    },
    eventId: view.event.id,
    of: id,
    kind: 'redelivery',
    by: request.by,
    claims: request.claims?.({ deliveryId }) ?? [],
  });
  if (outcome.kind === 'missing') return problem('not_found');
  if (outcome.kind === 'mismatch') return problem('idempotency_mismatch');
  if (outcome.kind === 'repeated') return outcome;
  const stored = await ports.store.event(tenant, view.event.id);
  if (stored !== null) ports.dispatch.offer({ event: stored.event, tickets: outcome.tickets });
  return { kind: 'made', deliveryId };
}
