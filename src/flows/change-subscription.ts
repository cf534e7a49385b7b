import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import { completeSubscription, inputOf, type SubscriptionInput } from '../core/subscription-input.ts';
import type { StateChange } from '../ports.ts';
import type { FlowPorts, LiveSubscription } from './configuration.ts';
import { freshSigningSecret } from './create-subscription.ts';
import { isSame, putVersion, type Standing, unlessOvertaken } from './sealed-configuration.ts';
import { vetReceiver } from './vet-receiver.ts';

export interface ChangeSubscription {
  tenant: Id;
  id: Id;
  /** Fields to change; the others stay. */
  patch: Partial<SubscriptionInput>;
  enabled?: boolean;
  /** The version the caller saw; null changes whatever stands. */
  ifVersion: number | null;
}

export interface Changed extends Standing {
  /** Shown once, when the change asked for signatures and named no secret. */
  generatedSecret: string | null;
}

const CREDENTIALS = ['basicUsername', 'basicPassword', 'bearerToken', 'authHeader', 'signatureSecret'] as const;

/**
 * Changes a subscription: its merged fields are checked as a new one's are. A change that changes nothing writes
 * nothing, and a URL is vetted only where it is another one.
 */
export function changeSubscription(ports: FlowPorts, request: ChangeSubscription): Promise<Changed | Problem> {
  return unlessOvertaken(request.ifVersion, () => changeOnce(ports, request));
}

async function changeOnce(ports: FlowPorts, request: ChangeSubscription): Promise<Changed | Problem> {
  // Read anew: another node may have written the version that the caller saw.
  const configuration = await ports.configuration.refresh(request.tenant);
  const subscription = configuration.subscriptions.get(request.id);
  if (subscription === undefined) return problem('not_found');
  if (subscription.config === null) return problem('secret_unavailable');
  if (request.ifVersion !== null && request.ifVersion !== subscription.version) {
    return problem('precondition_failed', { detail: `It stands at version ${subscription.version} now.` });
  }
  const input = merge(subscription.config, request.patch);
  const completed = completeSubscription(input, () => freshSigningSecret(ports.random));
  if (completed.kind === 'invalid') return problem('validation_failed', { errors: completed.errors });
  const { url } = completed.config;
  const refusal = url === subscription.config.url ? null : await vetReceiver(ports, url);
  if (refusal !== null) return refusal;
  const state = stateChange(subscription, request.enabled);
  const isUnchanged = state === undefined && isSame(completed.config, subscription.config);
  if (isUnchanged) return { kind: 'changed', subscription, generatedSecret: null };
  const outcome = await putVersion(ports, subscription, completed.config, state);
  return outcome.kind === 'problem' ? outcome : { ...outcome, generatedSecret: completed.generatedSecret };
}

/** The stored fields with the patch over them; credentials of another way to authenticate do not linger. */
function merge(config: SubscriptionConfig, patch: Partial<SubscriptionInput>): SubscriptionInput {
  const stored = inputOf(config);
  if (patch.authType !== undefined && patch.authType !== config.auth.type) {
    for (const field of CREDENTIALS) delete stored[field];
  }
  return { ...stored, ...patch };
}

/** Leaving `disabled` is for `enabled: true` alone; a paused subscription is enabled already and stays paused. */
function stateChange(subscription: LiveSubscription, enabled: boolean | undefined): StateChange | undefined {
  const disabled = subscription.state.kind === 'disabled';
  if (enabled === undefined || enabled === !disabled) return undefined;
  return enabled ? { to: 'active' } : { to: 'disabled', reason: 'user' };
}
