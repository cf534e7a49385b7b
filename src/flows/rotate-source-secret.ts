import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { DEFAULT_GRACE_SECONDS } from '../core/rotation.ts';
import { rotatedSource } from '../core/source-secrets.ts';
import type { IdempotencyClaim } from '../ports.ts';
import type { FlowPorts } from './configuration.ts';
import { type Repeated, unlessOvertaken } from './sealed-configuration.ts';
import { type ChangedSource, type MadeSource, makerOf, nextVersion, openSource, putSource } from './sources.ts';

export interface RotateSourceSecret {
  tenant: Id;
  id: Id;
  /** How long the old secret goes on proving senders, in seconds; a day when left out, 0 ends it at once. */
  graceSeconds?: number | undefined;
  /** One is generated when it is left out. */
  secret?: string | undefined;
  /** The version the caller saw; null rotates whatever stands. */
  ifVersion: number | null;
  /** Claims on the caller's key, committed with the rotation. */
  claims(made: MadeSource): readonly IdempotencyClaim[];
}

type Outcome = ChangedSource | Repeated;

/** Gives a source a new secret; the old one proves senders beside it until the grace ends. */
export function rotateSourceSecret(ports: FlowPorts, request: RotateSourceSecret): Promise<Outcome | Problem> {
  return unlessOvertaken<Outcome>(ports, request, () => rotateOnce(ports, request));
}

async function rotateOnce(ports: FlowPorts, request: RotateSourceSecret): Promise<Outcome | Problem> {
  const found = await openSource(ports, request);
  if (found.kind === 'problem') return found;
  const { source: seen } = found;
  const grace = { graceSeconds: request.graceSeconds ?? DEFAULT_GRACE_SECONDS, nowMs: ports.clock.nowMs() };
  const generated = request.secret === undefined ? makerOf(ports.random).secret(seen.config.scheme.type) : null;
  const rotation = rotatedSource(seen.config, generated ?? request.secret ?? '', grace);
  if (rotation.kind === 'refused') return problem('rotation_refused', { detail: rotation.detail });
  if (rotation.kind === 'invalid') {
    return problem('validation_failed', { errors: [{ pointer: '/secret', message: rotation.message }] });
  }
  const made = { source: nextVersion(ports, seen, rotation.config), generatedSecret: generated };
  const outcome = await putSource(ports, made.source, seen.version, request.claims(made));
  return outcome.kind === 'stored' ? { kind: 'changed', ...made } : outcome;
}
