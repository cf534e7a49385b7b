import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { changedSource } from '../core/source-change.ts';
import type { SourceInput } from '../core/source-input.ts';
import type { FlowPorts } from './configuration.ts';
import { isSame, unlessOvertaken } from './sealed-configuration.ts';
import { type ChangedSource, makerOf, openSource, putNextVersion } from './sources.ts';

/** A source after a change of its fields. */
export interface PatchedSource extends ChangedSource {
  /** Whether the change gave it a secret URL. */
  hasNewUrl: boolean;
}

export interface ChangeSource {
  tenant: Id;
  id: Id;
  /** Fields to change; the others stay. */
  patch: Partial<SourceInput>;
  enabled?: boolean;
  /** The largest body this instance takes in, in bytes; unlimited when left out. */
  mostBodyBytes?: number;
  /** The version the caller saw; null changes whatever stands. */
  ifVersion: number | null;
}

/**
 * Changes a source; fields not named stay, the secret among them unless the scheme becomes one of another type. A
 * change that changes nothing writes nothing.
 */
export function changeSource(ports: FlowPorts, request: ChangeSource): Promise<PatchedSource | Problem> {
  return unlessOvertaken(ports, request, () => changeOnce(ports, request));
}

async function changeOnce(ports: FlowPorts, request: ChangeSource): Promise<PatchedSource | Problem> {
  const found = await openSource(ports, request);
  if (found.kind === 'problem') return found;
  const { source } = found;
  const { mostBodyBytes = Infinity, enabled = source.enabled } = request;
  const maker = makerOf(ports.random);
  const completed = changedSource(source.config, request.patch, { maker, mostBodyBytes, nowMs: ports.clock.nowMs() });
  if (completed.kind === 'invalid') return problem('validation_failed', { errors: completed.errors });
  const { config, generatedSecret } = completed;
  if (enabled === source.enabled && isSame(config, source.config)) {
    return { kind: 'changed', source, generatedSecret: null, hasNewUrl: false };
  }
  const stored = await putNextVersion(ports, { ...source, enabled }, config);
  if (stored.kind === 'problem') return stored;
  const hasNewUrl = source.config.urlKey === null && config.urlKey !== null;
  return { kind: 'changed', source: stored.source, generatedSecret, hasNewUrl };
}
