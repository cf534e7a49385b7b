import type { AttemptRecord } from '../core/attempt.ts';
import type { HookEvent } from '../core/event.ts';
import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { sampleOf, sampleTypes } from '../core/samples.ts';
import type { IdempotencyClaim, RedeliveryOutcome } from '../ports.ts';
import type { FlowPorts, LiveSubscription } from './configuration.ts';
import { deliver } from './deliver.ts';
import type { Repeated } from './sealed-configuration.ts';

export interface TestSubscription {
  tenant: Id;
  id: Id;
  /** One of the event types that ship with a sample. */
  event: string;
  by: Id | null;
  /** Claims on the caller's keys, committed before the test is sent. */
  claims?: (begun: { deliveryId: Id }) => readonly IdempotencyClaim[];
}

/** A test's ticket falls due this long after its timeout: only a crash lets the worker find it, and it cancels it. */
const GRACE_MS = 60_000;

const utf8 = new TextEncoder();

/**
 * Sends one sample event to one subscription and waits for the answer. The event goes to nobody else, the delivery is
 * logged with kind `test`, is tried once and never counts against the subscription. The sender asks the address gate: a
 * URL that may not be reached any more is a result like other failures.
 */
export async function testSubscription(
  ports: FlowPorts,
  request: TestSubscription,
): Promise<{ kind: 'tested'; deliveryId: Id; attempt: AttemptRecord } | Repeated | Problem> {
  const { tenant } = request;
  const configuration = await ports.configuration.current(tenant);
  const subscription = configuration.subscriptions.get(request.id);
  if (subscription === undefined) return problem('not_found');
  if (subscription.config === null) return problem('secret_unavailable');
  const sample = sampleOf(request.event);
  if (sample === undefined) return noSample();
  const event = sampleEvent(ports, request, utf8.encode(JSON.stringify(sample.data)));
  const { config } = subscription;
  await storeAlone(ports, event, configuration.version);
  const made = await makeTicket(ports, request, event, subscription, config.timeoutMs);
  if (made.kind !== 'appended') return refusalOf(made);
  const [ticket] = made.tickets;
  if (ticket === undefined) return problem('store_unavailable', { retryAfterSeconds: 1 });
  const tried = await deliver(ports, { ticket, event, subscription, config, mayRepeat: false });
  await ports.store.settle({ settlements: [tried.settlement], health: new Map() });
  return { kind: 'tested', deliveryId: ticket.deliveryId, attempt: tried.settlement.attempt };
}

function noSample(): Problem {
  const message = `One of ${sampleTypes.join(', ')}.`;
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

/** Addressed to nobody, so which version of the configuration it is decided on makes no difference. */
async function storeAlone(ports: FlowPorts, event: HookEvent, configVersion: number): Promise<void> {
  const appended = await ports.store.append({ event, deliveries: [], configVersion, claims: [] });
  if (appended.kind === 'stale') await storeAlone(ports, event, appended.configVersion);
}

function makeTicket(
  ports: FlowPorts,
  { by, claims }: TestSubscription,
  event: HookEvent,
  { id: subscriptionId, version: subscriptionVersion }: LiveSubscription,
  timeoutMs: number,
): Promise<RedeliveryOutcome> {
  const deliveryId = idAt(event.acceptedAtMs, ports.random.bytes(16));
  const delayMs = timeoutMs + GRACE_MS;
  return ports.store.redeliver({
    tenant: event.tenant,
    delivery: { deliveryId, subscriptionId, subscriptionVersion, delayMs, hold: null },
    eventId: event.id,
    of: null,
    kind: 'test',
    by,
    claims: claims?.({ deliveryId }) ?? [],
  });
}

function refusalOf(made: Exclude<RedeliveryOutcome, { kind: 'appended' }>): Repeated | Problem {
  switch (made.kind) {
    case 'repeated':
      return { kind: 'repeated', answer: made.answer };
    case 'mismatch':
      return problem('idempotency_mismatch');
    case 'missing':
      return problem('not_found');
  }
}
