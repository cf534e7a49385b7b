import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { endedOldUrls, regeneratedUrl, type UrlRegenerated } from '../core/secret-url.ts';
import type { SourceConfig } from '../core/source.ts';
import type { IdempotencyClaim } from '../ports.ts';
import type { FlowPorts } from './configuration.ts';
import { type Repeated, unlessOvertaken } from './sealed-configuration.ts';
import { type ChangedSource, type MadeSource, makerOf, nextVersion, openSource, putSource } from './sources.ts';

export interface RegenerateUrl {
  tenant: Id;
  id: Id;
  /** How long the old URL goes on leading to the source, in seconds; it ends at once when left out. */
  graceSeconds?: number | undefined;
  /** Makes no new URL: only those that the present one has replaced end, at once. */
  keepCurrent?: boolean | undefined;
  /** The version the caller saw; whichever stands when left out or null. */
  ifVersion?: number | null;
  /** Claims on the caller's key, committed with the change. */
  claims?: (made: MadeSource) => readonly IdempotencyClaim[];
}

type Outcome = ChangedSource | Repeated;

/**
 * Gives a source a new secret URL, or keeps the one it has; without a grace the old ones answer 404 from now on (seed
 * 003).
 */
export function regenerateUrl(ports: FlowPorts, request: RegenerateUrl): Promise<Outcome | Problem> {
  return unlessOvertaken<Outcome>(ports, { id: request.id, ifVersion: request.ifVersion ?? null }, () =>
    regenerateOnce(ports, request),
  );
}

async function regenerateOnce(ports: FlowPorts, request: RegenerateUrl): Promise<Outcome | Problem> {
  const found = await openSource(ports, request);
  if (found.kind === 'problem') return found;
  const { source: seen } = found;
  const regenerated = changedUrls(ports, seen.config, request);
  if (regenerated.kind === 'refused') return problem('rotation_refused', { detail: regenerated.detail });
  const made = { source: nextVersion(ports, seen, regenerated.config), generatedSecret: null };
  const outcome = await putSource(ports, made.source, seen.version, request.claims?.(made));
  return outcome.kind === 'stored' ? { kind: 'changed', ...made } : outcome;
}

function changedUrls(ports: FlowPorts, config: SourceConfig, request: RegenerateUrl): UrlRegenerated {
  const { graceSeconds = 0, keepCurrent = false } = request;
  if (keepCurrent) return endedOldUrls(config);
  return regeneratedUrl(config, makerOf(ports.random).urlKey(), { graceSeconds, nowMs: ports.clock.nowMs() });
}
