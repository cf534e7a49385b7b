import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { DEFAULT_GRACE_SECONDS, rotated } from '../core/rotation.ts';
import type { IdempotencyClaim } from '../ports.ts';
import type { FlowPorts, LiveSubscription } from './configuration.ts';
import { configure, overtakenBy, type Repeated, sealSubscription, unlessOvertaken } from './sealed-configuration.ts';
import { freshSigningSecret } from './signing-secret.ts';

export interface RotateSecret {
  tenant: Id;
  id: Id;
  /** How long the old secret goes on signing, in seconds; a day when left out, 0 ends it at once. */
  graceSeconds?: number | undefined;
  /** One is generated when it is left out. */
  secret?: string | undefined;
  /** The version the caller saw; null rotates whatever stands. */
  ifVersion: number | null;
  /** Claims on the caller's key, committed with the rotation. */
  claims(made: Rotation): readonly IdempotencyClaim[];
}

export interface Rotation {
  subscription: LiveSubscription;
  /** The new secret, shown this once; null when the caller gave it. */
  generatedSecret: string | null;
}

type Outcome = ({ kind: 'rotated' } & Rotation) | Repeated;

/** Gives a subscription a new signing secret; the old one signs beside it until the grace ends. */
export function rotateSecret(ports: FlowPorts, request: RotateSecret): Promise<Outcome | Problem> {
  return unlessOvertaken<Outcome>(ports, request, () => rotateOnce(ports, request));
}

async function rotateOnce(ports: FlowPorts, request: RotateSecret): Promise<Outcome | Problem> {
  const { tenant, id, graceSeconds = DEFAULT_GRACE_SECONDS, ifVersion } = request;
  // Read anew: another node may have written the version that the caller saw.
  const seen = (await ports.configuration.refresh(tenant)).subscriptions.get(id);
  if (seen === undefined) return problem('not_found');
  if (seen.config === null) return problem('secret_unavailable');
  const overtaken = overtakenBy(seen, ifVersion);
  if (overtaken !== null) return overtaken;
  const nowMs = ports.clock.nowMs();
  const generatedSecret = request.secret === undefined ? freshSigningSecret(ports.random) : null;
  const secret = generatedSecret ?? request.secret ?? '';
  const rotation = rotated(seen.config, secret, { graceSeconds, nowMs });
  if (rotation.kind === 'refused') return problem('rotation_refused', { detail: rotation.detail });
  if (rotation.kind === 'invalid') {
    return problem('validation_failed', { errors: [{ pointer: '/secret', message: rotation.message }] });
  }
  const { config } = rotation;
  const subscription = { ...seen, config, version: seen.version + 1, updatedAtMs: nowMs };
  return store(ports, { subscription, generatedSecret }, seen.version, request);
}

async function store(
  ports: FlowPorts,
  made: Rotation & { subscription: { config: NonNullable<LiveSubscription['config']> } },
  version: number,
  { tenant, id, claims }: RotateSecret,
): Promise<Outcome | Problem> {
  const { config, createdBy, updatedAtMs: atMs } = made.subscription;
  const sealed = sealSubscription(ports, tenant, id, config);
  const change = { kind: 'put_subscription', id, config: sealed, createdBy, version, atMs } as const;
  const outcome = await configure(ports, tenant, change, claims(made));
  return outcome.kind === 'changed' ? { kind: 'rotated', ...made } : outcome;
}
