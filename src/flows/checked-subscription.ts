/** What every subscription that is made or changed goes through: its fields are checked, and its dangers told. */
import { type Completed, completeSubscription, type SubscriptionInput } from '../core/subscription-input.ts';
import type { Ports } from '../ports.ts';
import type { LiveSubscription } from './configuration.ts';
import { freshSigningSecret } from './signing-secret.ts';

/** Completes and checks what a caller wrote, its certificates too. */
export function completeChecked(ports: Pick<Ports, 'random' | 'authorities'>, input: SubscriptionInput): Completed {
  const completed = completeSubscription(input, () => freshSigningSecret(ports.random));
  const message = input.customCa ? ports.authorities.fault(input.customCa) : null;
  if (message === null) return completed;
  const errors = completed.kind === 'invalid' ? completed.errors : [];
  return { kind: 'invalid', errors: [...errors, { pointer: '/customCa', message }] };
}

/** Tells the operator of a receiver whose certificate nobody checks. */
export function tellCautions({ log }: Pick<Ports, 'log'>, { id, config }: LiveSubscription): void {
  if (config === null || config.sslVerification) return;
  log.warn('subscription.tls_unverified', { subscriptionId: id, host: new URL(config.url).host });
}
