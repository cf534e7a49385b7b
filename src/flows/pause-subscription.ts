import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { FlowPorts } from './configuration.ts';
import { withLack } from './credentials.ts';
import { overtakenBy, putVersion, type Standing, unlessOvertaken } from './sealed-configuration.ts';

export interface PauseSubscription {
  tenant: Id;
  id: Id;
  /** true pauses, false resumes. */
  paused: boolean;
  /** The version the caller saw; whichever stands without one. */
  ifVersion?: number | null;
}

/**
 * Pauses or resumes a subscription. Paused it still gets deliveries, which are held and do not age until it is resumed.
 * What stands already is left as it is: a second pause is the first. A disabled one has to be enabled first.
 */
export async function pauseSubscription(ports: FlowPorts, request: PauseSubscription): Promise<Standing | Problem> {
  const { id, ifVersion = null } = request;
  const outcome = await unlessOvertaken(ports, { id, ifVersion }, () => pauseOnce(ports, request));
  if (outcome.kind === 'problem') return outcome;
  return { kind: 'changed', subscription: await withLack(ports, outcome.subscription) };
}

async function pauseOnce(ports: FlowPorts, request: PauseSubscription): Promise<Standing | Problem> {
  const { tenant, id, paused, ifVersion = null } = request;
  const subscription = (await ports.configuration.refresh(tenant)).subscriptions.get(id);
  if (subscription === undefined) return problem('not_found');
  const overtaken = overtakenBy(subscription, ifVersion);
  if (overtaken !== null) return overtaken;
  const { state, config } = subscription;
  if (state.kind === 'disabled') return problem('subscription_disabled');
  if (paused === (state.kind === 'paused')) return { kind: 'changed', subscription };
  if (config === null) return problem('secret_unavailable');
  return putVersion(ports, subscription, config, { to: paused ? 'paused' : 'active' });
}
