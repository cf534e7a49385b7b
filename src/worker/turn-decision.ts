/** What is to be done with an item whose turn has come, as a value; `steps.ts` makes it happen. */
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { ageMs, closeWithoutTry } from '../flows/deliver.ts';
import type { Settlement, Ticket } from '../ports.ts';
import type { Item } from './item.ts';

export type TurnDecision =
  /** Nothing is sent any more. */
  | { kind: 'settle'; settlement: Settlement }
  /** The sealing key, or a secret that stands elsewhere, is missing: looked at again later, and an operator is told. */
  | { kind: 'wait'; settlement: Settlement; lacks: Readonly<Record<string, string | null>> }
  | { kind: 'send'; subscription: LiveSubscription; config: SubscriptionConfig };

/** How soon a delivery whose secret is missing is looked at again. */
const SECRET_RETRY_MS = 60_000;

/** Decides one turn. @param subscription as it stands now; undefined when it was deleted */
export function decideTurn(item: Item, subscription: LiveSubscription | undefined, atMs: number): TurnDecision {
  const { ticket, event } = item;
  if (subscription === undefined) return cancelled(item, 0, atMs, 'its subscription was deleted');
  const { version, config } = subscription;
  // A test is sent by whoever asked for it; here it only turns up after a crash.
  if (ticket.kind === 'test') return cancelled(item, version, atMs, 'the process ended during the test');
  if (config === null) {
    return waitFor(ticket, { keyId: subscription.missingKeyId });
  }
  const age = ageMs({ ticket, event, subscription }, atMs);
  if (age <= config.retry.maxAgeSeconds * 1000) return { kind: 'send', subscription, config };
  const facts = { age: `${Math.round(age / 1000)} s` };
  const why = { closes: 'expired', failure: 'expired', atMs, facts } as const;
  return { kind: 'settle', settlement: closeWithoutTry(ticket, event, version, why) };
}

/** No try is used up by a secret that is missing on our side. @param lacks what the operator is told */
export function waitFor(
  ticket: Ticket,
  lacks: Readonly<Record<string, string | null>>,
): Extract<TurnDecision, { kind: 'wait' }> {
  const settlement: Settlement = { ticket, attempt: null, next: { kind: 'retry', delayMs: SECRET_RETRY_MS } };
  return { kind: 'wait', settlement, lacks };
}

function cancelled({ ticket, event }: Item, version: number, atMs: number, reason: string): TurnDecision {
  const why = { closes: 'cancelled', failure: 'cancelled', atMs, facts: { reason } } as const;
  return { kind: 'settle', settlement: closeWithoutTry(ticket, event, version, why) };
}
