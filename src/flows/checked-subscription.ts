/** What every subscription that is made or changed goes through: its fields are checked, and its dangers told. */
import type { SubscriptionConfig } from '../core/subscription.ts';
import { completeChange } from '../core/subscription-change.ts';
import { type Completed, completeSubscription, type SubscriptionInput } from '../core/subscription-input.ts';
import type { Ports } from '../ports.ts';
import type { LiveSubscription } from './configuration.ts';
import { freshSigningSecret } from './signing-secret.ts';

type Checks = Pick<Ports, 'random' | 'authorities'>;

/** Completes and checks what a caller wrote, its certificates too. */
export function completeChecked(ports: Checks, input: SubscriptionInput): Completed {
  const completed = completeSubscription(input, () => freshSigningSecret(ports.random));
  return withAuthorities(ports, completed, input);
}

/** The same for a change of some fields. */
export function changeChecked(ports: Checks, config: SubscriptionConfig, patch: Partial<SubscriptionInput>): Completed {
  const completed = completeChange(config, patch, () => freshSigningSecret(ports.random));
  return withAuthorities(ports, completed, patch);
}

function withAuthorities(
  { authorities }: Checks,
  completed: Completed,
  { customCa }: Partial<SubscriptionInput>,
): Completed {
  const message = customCa ? authorities.fault(customCa) : null;
  if (message === null) return completed;
  const errors = completed.kind === 'invalid' ? completed.errors : [];
  return { kind: 'invalid', errors: [...errors, { pointer: '/customCa', message }] };
}

/** Tells the operator of a receiver whose certificate nobody checks. */
export function tellCautions({ log }: Pick<Ports, 'log'>, { id, config }: LiveSubscription): void {
  if (config === null || config.sslVerification) return;
  log.warn('subscription.tls_unverified', { subscriptionId: id, host: new URL(config.url).host });
}
