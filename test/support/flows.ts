import assert from 'node:assert/strict';
import { DEFAULT_TENANT } from '../../src/core/ids.ts';
import type { Problem, ProblemCode } from '../../src/core/problem.ts';
import type { SubscriptionInput } from '../../src/core/subscription-input.ts';
import type { FlowPorts, LiveSubscription } from '../../src/flows/configuration.ts';
import { createSubscription } from '../../src/flows/create-subscription.ts';
import { deliver, type Tried } from '../../src/flows/deliver.ts';
import { type Accepted, type PublishInput, publish } from '../../src/flows/publish.ts';
import type { SettleOutcome, Ticket } from '../../src/ports.ts';
import type { FakePorts } from './ports.ts';

export const RECEIVER = 'https://api.example.com/hooks';

/** A subscription of the default tenant, made through the flow. */
export async function subscribe(
  ports: FakePorts,
  changes: Partial<SubscriptionInput> = {},
  enabled = true,
): Promise<LiveSubscription> {
  const input = { name: 'one', url: RECEIVER, ...changes };
  const made = await createSubscription(ports, { tenant: DEFAULT_TENANT, by: null, input, enabled });
  assert.ok(made.kind === 'created', JSON.stringify(made));
  return made.subscription;
}

/** What a publisher sends: `value` in its JSON text. */
export function eventInput(ports: FakePorts, changes: Partial<PublishInput> = {}): PublishInput {
  const value = changes.value ?? { n: 1 };
  const data = new TextEncoder().encode(JSON.stringify(value));
  const bodyHash = () => ports.mac.sha256(data);
  return { tenant: DEFAULT_TENANT, type: 'deployment.completed', data, value, bodyHash, ...changes };
}

/** An accepted event. */
export async function emit(ports: FakePorts, changes: Partial<PublishInput> = {}): Promise<Accepted> {
  const accepted = await publish(ports, eventInput(ports, changes));
  assert.ok(accepted.kind === 'accepted', JSON.stringify(accepted));
  return accepted;
}

/** The ticket handed over last. */
export function lastTicket(ports: FakePorts): Ticket {
  const ticket = ports.offered.at(-1)?.tickets.at(-1);
  assert.ok(ticket !== undefined, 'nothing was handed over');
  return ticket;
}

/** One try of a ticket as the worker makes it, settled. */
export async function tryOnce(
  ports: Pick<FlowPorts, 'store' | 'configuration'> & Parameters<typeof deliver>[0],
  ticket: Ticket,
): Promise<{ tried: Tried; settled: SettleOutcome }> {
  const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
  const configuration = await ports.configuration.of(DEFAULT_TENANT);
  const subscription = configuration.subscriptions.get(ticket.subscriptionId);
  assert.ok(stored !== null && subscription?.config, 'the event and its subscription are there');
  const { config } = subscription;
  const tried = await deliver(ports, { ticket, event: stored.event, subscription, config, mayRepeat: false });
  const [settled] = await ports.store.settle({ settlements: [tried.settlement], health: new Map() });
  assert.ok(settled !== undefined);
  return { tried, settled };
}

/** The ticket a settled try left open. */
export function stillOpen(settled: SettleOutcome): Ticket {
  assert.ok(settled.kind === 'settled' && settled.ticket !== null, JSON.stringify(settled));
  return settled.ticket;
}

/** Fails unless `outcome` is the problem `code`; returns it. */
export function problemOf(outcome: { kind: string } | Problem, code: ProblemCode): Problem {
  assert.ok('code' in outcome, JSON.stringify(outcome));
  assert.equal(outcome.code, code);
  return outcome;
}
