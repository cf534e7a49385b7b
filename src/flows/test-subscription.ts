import type { AttemptRecord } from '../core/attempt.ts';
import type { HookEvent } from '../core/event.ts';
import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { hasSample, sampleEvents, sampleEventTypes } from '../core/sample-events.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { Ticket } from '../ports.ts';
import type { FlowPorts, LiveSubscription } from './configuration.ts';
import { deliver } from './deliver.ts';
import { vetReceiver } from './vet-receiver.ts';

export interface TestSubscription {
  tenant: Id;
  id: Id;
  /** One of the event types that ship with a sample. */
  event: string;
  by: Id | null;
}

/** A test's ticket falls due this long after its timeout: only a crash lets the worker find it, and it cancels it. */
const GRACE_MS = 60_000;

const utf8 = new TextEncoder();

/**
 * Sends one sample event to one subscription and waits for the answer. The event goes to nobody else, the delivery is
 * logged with kind `test`, is tried once and never counts against the subscription.
 */
export async function testSubscription(
  ports: FlowPorts,
  request: TestSubscription,
): Promise<{ kind: 'tested'; deliveryId: Id; attempt: AttemptRecord } | Problem> {
  const { tenant } = request;
  const configuration = await ports.configuration.of(tenant);
  const subscription = configuration.subscriptions.get(request.id);
  if (subscription === undefined) return problem('not_found');
  if (subscription.config === null) return problem('secret_unavailable');
  if (!hasSample(request.event)) return noSample();
  const refusal = await vetReceiver(ports, subscription.config.url);
  if (refusal !== null) return refusal;
  const event = sampleEvent(ports, request, utf8.encode(JSON.stringify(sampleEvents[request.event])));
  const ticket = await makeTicket(ports, event, subscription, subscription.config, request.by, configuration.version);
  if (ticket === null) return problem('store_unavailable', { retryAfterSeconds: 1 });
  const config = subscription.config;
  const tried = await deliver(ports, { ticket, event, subscription, config, mayRepeat: false });
  await ports.store.settle({ settlements: [tried.settlement], health: new Map() });
  return { kind: 'tested', deliveryId: ticket.deliveryId, attempt: tried.settlement.attempt };
}

function noSample(): Problem {
  const message = `One of ${sampleEventTypes.join(', ')}.`;
  return problem('validation_failed', { errors: [{ pointer: '/event', message }] });
}

function sampleEvent(ports: FlowPorts, request: TestSubscription, data: Uint8Array): HookEvent {
  const nowMs = ports.clock.nowMs();
  return {
    id: idAt(nowMs, ports.random.bytes(16)),
    tenant: request.tenant,
    type: request.event,
    owner: null,
    externalId: null,
    orderingKey: null,
    tags: [],
    headers: {},
    occurredAtMs: nowMs,
    acceptedAtMs: nowMs,
    source: { kind: 'system', id: null },
    data,
  };
}

async function makeTicket(
  ports: FlowPorts,
  event: HookEvent,
  subscription: LiveSubscription,
  config: SubscriptionConfig,
  by: Id | null,
  configVersion: number,
): Promise<Ticket | null> {
  // Addressed to nobody, so which version of the configuration it is decided on makes no difference.
  const appended = await ports.store.append({ event, deliveries: [], configVersion, claims: [] });
  if (appended.kind === 'stale') {
    return makeTicket(ports, event, subscription, config, by, appended.configVersion);
  }
  const outcome = await ports.store.redeliver({
    tenant: event.tenant,
    delivery: {
      deliveryId: idAt(event.acceptedAtMs, ports.random.bytes(16)),
      subscriptionId: subscription.id,
      subscriptionVersion: subscription.version,
      delayMs: config.timeoutMs + GRACE_MS,
      hold: null,
    },
    eventId: event.id,
    of: null,
    kind: 'test',
    by,
    claims: [],
  });
  return outcome.kind === 'appended' ? (outcome.tickets[0] ?? null) : null;
}
