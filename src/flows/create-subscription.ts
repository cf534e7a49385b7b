import { NO_HEALTH } from '../core/health.ts';
import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { SubscriptionInput } from '../core/subscription-input.ts';
import type { IdempotencyClaim } from '../ports.ts';
import { completeChecked, tellCautions } from './checked-subscription.ts';
import { type FlowPorts, filtersOf, type LiveSubscription } from './configuration.ts';
import { withLack } from './credentials.ts';
import { configure, type Repeated, sealSubscription } from './sealed-configuration.ts';
import { vetReceiver } from './vet-receiver.ts';

/** A subscription just made; a generated secret is shown this once. */
export interface Made {
  subscription: LiveSubscription;
  generatedSecret: string | null;
}

export interface CreateSubscription {
  tenant: Id;
  by: Id | null;
  input: SubscriptionInput;
  /** false makes it disabled with reason `user`. */
  enabled: boolean;
  /** Claims on the caller's keys, committed with the subscription. */
  claims?: (made: Made) => readonly IdempotencyClaim[];
}

/** Checks, vets and stores a subscription. Everything wrong with the fields is reported at once. */
export async function createSubscription(
  ports: FlowPorts,
  request: CreateSubscription,
): Promise<({ kind: 'created' } & Made) | Repeated | Problem> {
  const { tenant, input } = request;
  const completed = completeChecked(ports, input);
  if (completed.kind === 'invalid') return problem('validation_failed', { errors: completed.errors });
  const refusal = await vetReceiver(ports, input.url);
  if (refusal !== null) return refusal;
  const made: Made = {
    subscription: await withLack(ports, fresh(ports, request, completed.config)),
    generatedSecret: completed.generatedSecret,
  };
  const { id, createdAtMs } = made.subscription;
  const outcome = await configure(
    ports,
    tenant,
    {
      kind: 'put_subscription',
      id,
      config: sealSubscription(ports, tenant, id, completed.config),
      createdBy: request.by,
      version: null,
      atMs: createdAtMs,
      ...(request.enabled ? {} : { state: { to: 'disabled', reason: 'user' } as const }),
    },
    request.claims?.(made) ?? [],
  );
  if (outcome.kind !== 'changed') return outcome;
  tellCautions(ports, made.subscription);
  return { kind: 'created', ...made };
}

function fresh(ports: FlowPorts, request: CreateSubscription, config: SubscriptionConfig): LiveSubscription {
  const nowMs = ports.clock.nowMs();
  return {
    id: idAt(nowMs, ports.random.bytes(16)),
    tenant: request.tenant,
    version: 1,
    state: request.enabled ? { kind: 'active' } : { kind: 'disabled', sinceMs: nowMs, reason: 'user' },
    pauses: [],
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    createdBy: request.by,
    config,
    filters: filtersOf(config.filters),
    health: NO_HEALTH,
    missingKeyId: null,
  };
}
