import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { keepersOf, liveRetiring, type SubscriptionConfig } from '../core/subscription.ts';
import { retiringAfter } from '../core/subscription-change.ts';
import type { SubscriptionInput } from '../core/subscription-input.ts';
import type { StateChange } from '../ports.ts';
import { changeChecked, tellCautions } from './checked-subscription.ts';
import type { FlowPorts, LiveSubscription } from './configuration.ts';
import { withLack } from './credentials.ts';
import { isSame, overtakenBy, putVersion, type Standing, unlessOvertaken } from './sealed-configuration.ts';
import { vetReceiver } from './vet-receiver.ts';

export interface ChangeSubscription {
  tenant: Id;
  id: Id;
  /** Fields to change; the others stay. */
  patch: Partial<SubscriptionInput>;
  /** The switch of the person; what the program switched off stays off. */
  enabled?: boolean;
  /** Switches it on, whoever switched it off. */
  cleared?: true;
  /** The version the caller saw; null changes whatever stands. */
  ifVersion: number | null;
}

export interface Changed extends Standing {
  /** Shown once, when the change asked for signatures and named no secret. */
  generatedSecret: string | null;
}

/**
 * Changes a subscription: its merged fields are checked as a new one's are, but for what stood wrong before and is not
 * touched. A change that changes nothing writes nothing, and a URL is vetted only where it is another one.
 */
export function changeSubscription(ports: FlowPorts, request: ChangeSubscription): Promise<Changed | Problem> {
  return unlessOvertaken(ports, request, () => changeOnce(ports, request));
}

async function changeOnce(ports: FlowPorts, request: ChangeSubscription): Promise<Changed | Problem> {
  // Read anew: another node may have written the version that the caller saw.
  const configuration = await ports.configuration.refresh(request.tenant);
  const subscription = configuration.subscriptions.get(request.id);
  if (subscription === undefined) return problem('not_found');
  if (subscription.config === null) return problem('secret_unavailable');
  const overtaken = overtakenBy(subscription, request.ifVersion);
  if (overtaken !== null) return overtaken;
  const completed = changeChecked(ports, subscription.config, request.patch);
  if (completed.kind === 'invalid') return problem('validation_failed', { errors: completed.errors });
  const { url } = completed.config;
  const refusal = url === subscription.config.url ? null : await vetReceiver(ports, url);
  if (refusal !== null) return refusal;
  const nowMs = ports.clock.nowMs();
  const retiringSecrets = retiringAfter(subscription.config, completed.config, request.patch, nowMs);
  const config = { ...completed.config, retiringSecrets };
  const state = stateChange(subscription, request);
  if (state === undefined && isSame(config, subscription.config)) {
    return { kind: 'changed', subscription: await withLack(ports, subscription), generatedSecret: null };
  }
  const outcome = await putVersion(ports, subscription, withoutEnded(config, nowMs), state);
  if (outcome.kind === 'problem') return outcome;
  tellCautions(ports, outcome.subscription);
  const changed = await withLack(ports, outcome.subscription);
  return { kind: 'changed', subscription: changed, generatedSecret: completed.generatedSecret };
}

/** What a rotation is done with is not kept any longer. */
function withoutEnded(config: SubscriptionConfig, nowMs: number): SubscriptionConfig {
  return { ...config, retiringSecrets: liveRetiring(config, nowMs) };
}

/**
 * A person and the program each have a switch, and both must allow. A paused subscription is enabled already and stays
 * paused.
 */
function stateChange(
  { state }: LiveSubscription,
  { enabled, cleared }: Pick<ChangeSubscription, 'enabled' | 'cleared'>,
): StateChange | undefined {
  if (state.kind !== 'disabled') return enabled === false ? { to: 'disabled', reason: 'user' } : undefined;
  if (cleared) return { to: 'active' };
  const { user, program } = keepersOf(state.reason);
  if (enabled === undefined || enabled === !user) return undefined;
  if (program === null) return { to: 'active' };
  return { to: 'disabled', reason: enabled ? program : `user+${program}` };
}
