import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { SourceConfig } from '../core/source.ts';
import { completeSource, type SourceInput } from '../core/source-input.ts';
import type { ReferredSecret } from '../core/source-warnings.ts';
import type { IdempotencyClaim } from '../ports.ts';
import { compiledSource, type FlowPorts } from './configuration.ts';
import type { Repeated } from './sealed-configuration.ts';
import { referredSecretOf } from './source-secrets.ts';
import { type MadeSource, makerOf, type OpenSource, putSource, urlKeyHashOf } from './sources.ts';

/** A source just made. */
export interface CreatedSource extends MadeSource {
  /** The secret that it refers to; null when it has none elsewhere. */
  referred: ReferredSecret | null;
}

export interface CreateSource {
  tenant: Id;
  by: Id | null;
  input: SourceInput;
  enabled: boolean;
  /** The largest body this instance takes in, in bytes; unlimited when left out. */
  mostBodyBytes?: number;
  /** Claims on the caller's keys, committed with the source. */
  claims?: (made: CreatedSource) => readonly IdempotencyClaim[];
}

/** Checks and stores a source. */
export async function createSource(
  ports: FlowPorts,
  request: CreateSource,
): Promise<({ kind: 'created' } & CreatedSource) | Repeated | Problem> {
  const completed = completeSource(request.input, makerOf(ports.random), request.mostBodyBytes);
  if (completed.kind === 'invalid') return problem('validation_failed', { errors: completed.errors });
  const source = fresh(ports, request, completed.config);
  const referred = await referredSecretOf(ports, completed.config);
  const made = { source, generatedSecret: completed.generatedSecret, referred };
  const outcome = await putSource(ports, source, null, request.claims?.(made));
  return outcome.kind === 'stored' ? { kind: 'created', ...made } : outcome;
}

function fresh(ports: FlowPorts, { tenant, by, enabled }: CreateSource, config: SourceConfig): OpenSource {
  const nowMs = ports.clock.nowMs();
  return {
    id: idAt(nowMs, ports.random.bytes(16)),
    tenant,
    version: 1,
    enabled,
    urlKeyHash: urlKeyHashOf(ports, config),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    createdBy: by,
    config,
    ...compiledSource(config),
    missingKeyId: null,
  };
}
