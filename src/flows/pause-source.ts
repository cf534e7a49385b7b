import { type Id, idAt } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { FlowPorts } from './configuration.ts';
import { unlessOvertaken } from './sealed-configuration.ts';
import { type ChangedSource, openSource, putNextVersion } from './sources.ts';

export interface PauseSource {
  tenant: Id;
  id: Id;
  /** true pauses, false resumes. */
  paused: boolean;
}

/**
 * Pauses or resumes a source. Paused it proves and keeps what comes in and makes nothing of it; a task works through
 * that once it is resumed. What stands already is left as it is: a second pause is the first.
 */
export function pauseSource(ports: FlowPorts, request: PauseSource): Promise<ChangedSource | Problem> {
  return unlessOvertaken(ports, { id: request.id, ifVersion: null }, () => pauseOnce(ports, request));
}

async function pauseOnce(ports: FlowPorts, request: PauseSource): Promise<ChangedSource | Problem> {
  const found = await openSource(ports, request);
  if (found.kind === 'problem') return found;
  const { source } = found;
  if (request.paused === (source.config.pausedAtMs !== null)) return { kind: 'changed', source, generatedSecret: null };
  const nowMs = ports.clock.nowMs();
  const config = { ...source.config, pausedAtMs: request.paused ? nowMs : null };
  const releaseTaskId = request.paused ? undefined : idAt(nowMs, ports.random.bytes(16));
  const stored = await putNextVersion(ports, source, config, releaseTaskId);
  return stored.kind === 'problem' ? stored : { kind: 'changed', source: stored.source, generatedSecret: null };
}
