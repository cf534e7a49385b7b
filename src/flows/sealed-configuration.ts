/** Writing configuration: sealed, stored, and in this node's cache before the caller hears of it (A5). */
import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { SourceConfig } from '../core/source.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { ConfigChange, IdempotencyClaim, Ports, StateChange } from '../ports.ts';
import {
  type FlowPorts,
  type LiveConfiguration,
  type LiveSubscription,
  sourceContext,
  subscriptionContext,
} from './configuration.ts';

/** The first answer to the same request, still sealed. */
export interface Repeated {
  kind: 'repeated';
  answer: Uint8Array;
}

export type ConfigurePorts = Pick<FlowPorts, 'store' | 'configuration' | 'dispatch'>;

const utf8 = new TextEncoder();

/** Seals a subscription's configuration for its row. */
export function sealSubscription(
  ports: Pick<Ports, 'sealer'>,
  tenant: Id,
  id: Id,
  config: SubscriptionConfig,
): Uint8Array {
  return ports.sealer.seal(subscriptionContext(tenant, id), utf8.encode(JSON.stringify(config)));
}

/** Seals a source's configuration for its row. */
export function sealSource(ports: Pick<Ports, 'sealer'>, tenant: Id, id: Id, config: SourceConfig): Uint8Array {
  return ports.sealer.seal(sourceContext(tenant, id), utf8.encode(JSON.stringify(config)));
}

/** Whether two configurations would be stored alike. */
export function isSame<Config>(a: Config, b: Config): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** More changes than this between reading and writing are not waited for; other processes made them. */
const MAX_OVERTAKEN = 16;

/**
 * Decides a change anew when another one came between reading and writing, unless the caller named the version it is
 * based on: the last writer wins. `decide` reads the configuration itself. Those that were overtaken go one after the
 * other, so that of many at once each is overtaken once.
 */
export async function unlessOvertaken<Outcome extends { kind: string }>(
  { configuration }: Pick<FlowPorts, 'configuration'>,
  { id, ifVersion }: { id: Id; ifVersion: number | null },
  decide: () => Promise<Outcome | Problem>,
): Promise<Outcome | Problem> {
  const outcome = await decide();
  return ifVersion === null && isOvertaken(outcome) ? configuration.inLine(id, () => decideAgain(decide)) : outcome;
}

async function decideAgain<Outcome extends { kind: string }>(
  decide: () => Promise<Outcome | Problem>,
): Promise<Outcome | Problem> {
  for (let decisions = 0; decisions < MAX_OVERTAKEN; decisions++) {
    const outcome = await decide();
    if (!isOvertaken(outcome)) return outcome;
  }
  return problem('store_unavailable', { detail: 'Others keep changing it.', retryAfterSeconds: 1 });
}

function isOvertaken(outcome: { kind: string } | Problem): boolean {
  return 'code' in outcome && outcome.code === 'precondition_failed';
}

/** The refusal of a change based on another version than the one that stands; null without such. */
export function overtakenBy({ version }: { version: number }, ifVersion: number | null): Problem | null {
  if (ifVersion === null || ifVersion === version) return null;
  return overtaken(version);
}

function overtaken(version: number): Problem {
  return problem('precondition_failed', { detail: `It stands at version ${version} now.` });
}

/** Stores one change and returns the configuration that holds it. */
export async function configure(
  ports: ConfigurePorts,
  tenant: Id,
  change: ConfigChange,
  claims: readonly IdempotencyClaim[] = [],
): Promise<{ kind: 'changed'; configuration: LiveConfiguration } | Repeated | Problem> {
  const outcome = await ports.store.configure({ tenant, change, claims });
  switch (outcome.kind) {
    case 'changed': {
      const configuration = await ports.configuration.refresh(tenant);
      ports.dispatch.configurationChanged(tenant);
      return { kind: 'changed', configuration };
    }
    case 'missing':
      return problem('not_found');
    case 'conflict':
      return overtaken(outcome.version);
    case 'holding':
      return problem('source_holding', {
        detail: `It holds ${outcome.count === 1 ? '1 receipt' : `${outcome.count} receipts`}.`,
      });
    case 'mismatch':
      return problem('idempotency_mismatch');
    case 'repeated':
      return outcome;
  }
}

/** A subscription after a change of it, or as it stood before when nothing had to change. */
export interface Standing {
  kind: 'changed';
  subscription: LiveSubscription;
}

/**
 * Stores the next version of a subscription over the one that was seen. A change of its state alone makes a version
 * too, so that its ETag moves and nobody undoes it unseen.
 */
export async function putVersion(
  ports: ConfigurePorts & Pick<Ports, 'sealer'>,
  seen: LiveSubscription,
  config: SubscriptionConfig,
  state?: StateChange,
): Promise<Standing | Problem> {
  const { id, tenant, version, createdBy } = seen;
  const sealed = sealSubscription(ports, tenant, id, config);
  const change = { kind: 'put_subscription', id, config: sealed, createdBy, version } as const;
  const outcome = await configure(ports, tenant, state === undefined ? change : { ...change, state });
  if (outcome.kind === 'problem') return outcome;
  if (outcome.kind === 'repeated') throw new Error('a change without claims cannot be a repetition');
  const subscription = outcome.configuration.subscriptions.get(id);
  return subscription === undefined ? problem('not_found') : { kind: 'changed', subscription };
}
