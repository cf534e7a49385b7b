/** What every change of a source begins and ends with: reading it anew, and storing it sealed. */
import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { uuidV4 } from '../core/secret-url.ts';
import type { SourceConfig } from '../core/source.ts';
import type { SourceMaker } from '../core/source-input.ts';
import type { ConfigChange, IdempotencyClaim, Ports } from '../ports.ts';
import { compiledSource, type FlowPorts, type LiveSource } from './configuration.ts';
import { configure, overtakenBy, type Repeated, sealSource } from './sealed-configuration.ts';
import { freshSigningSecret, SECRET_BYTES } from './signing-secret.ts';

/** A source just made or changed. */
export interface MadeSource {
  source: LiveSource;
  /** Shown this once. */
  generatedSecret: string | null;
}

/** A source after a change. */
export interface ChangedSource extends MadeSource {
  kind: 'changed';
}

/** A source whose configuration can be read. */
export type OpenSource = LiveSource & { config: SourceConfig };

/** What sources need of randomness. */
export function makerOf(random: Ports['random']): SourceMaker {
  const text = () => Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
  return {
    secret(scheme) {
      if (scheme === 'standard-webhooks') return freshSigningSecret(random);
      return scheme === 'basic' ? `hookyard:${text()}` : text();
    },
    urlKey: () => uuidV4(random.bytes(16)),
  };
}

/** A source as it stands in the store now, if it stands at the version that the caller saw where one is named. */
export async function openSource(
  ports: Pick<FlowPorts, 'configuration'>,
  { tenant, id, ifVersion = null }: { tenant: Id; id: Id; ifVersion?: number | null },
): Promise<{ kind: 'open'; source: OpenSource } | Problem> {
  // Read anew: another node may have written the version that the caller saw.
  const source = (await ports.configuration.refresh(tenant)).sources.get(id);
  if (source === undefined) return problem('not_found');
  const { config } = source;
  if (config === null) return problem('secret_unavailable');
  return overtakenBy(source, ifVersion) ?? { kind: 'open', source: { ...source, config } };
}

/** A source with another configuration, as the next version of it will stand. */
export function nextVersion(
  ports: Pick<Ports, 'clock' | 'mac'>,
  { config: _before, ...seen }: OpenSource,
  config: SourceConfig,
): OpenSource {
  const { version } = seen;
  const updatedAtMs = ports.clock.nowMs();
  const urlKeyHash = urlKeyHashOf(ports, config);
  return { ...seen, version: version + 1, updatedAtMs, urlKeyHash, config, ...compiledSource(config) };
}

/**
 * Stores a source over the version that was seen; null makes it.
 * @param claims claims on the caller's keys, committed with the change
 */
export async function putSource(
  ports: FlowPorts,
  source: OpenSource,
  version: number | null,
  claims: readonly IdempotencyClaim[] = [],
  releaseTaskId?: Id,
): Promise<{ kind: 'stored'; source: LiveSource | undefined } | Repeated | Problem> {
  const { id, tenant, config, createdBy, enabled, urlKeyHash, updatedAtMs } = source;
  const change: ConfigChange = {
    kind: 'put_source',
    id,
    config: sealSource(ports, tenant, id, config),
    createdBy,
    enabled,
    urlKeyHash,
    version,
    atMs: updatedAtMs,
    ...(releaseTaskId === undefined ? {} : { releaseTaskId }),
  };
  const outcome = await configure(ports, tenant, change, claims);
  return outcome.kind === 'changed' ? { kind: 'stored', source: outcome.configuration.sources.get(id) } : outcome;
}

/** Stores another configuration of a source that was seen, for changes without claims: the source as it stands now. */
export async function putNextVersion(
  ports: FlowPorts,
  seen: OpenSource,
  config: SourceConfig,
  releaseTaskId?: Id,
): Promise<{ kind: 'stored'; source: LiveSource } | Problem> {
  const outcome = await putSource(ports, nextVersion(ports, seen, config), seen.version, [], releaseTaskId);
  if (outcome.kind === 'problem') return outcome;
  if (outcome.kind === 'repeated') throw new Error('a change without claims cannot be a repetition');
  return outcome.source === undefined ? problem('not_found') : { kind: 'stored', source: outcome.source };
}

/** By what a source is found behind its secret URL. */
export function urlKeyHashOf(ports: Pick<Ports, 'mac'>, { urlKey }: SourceConfig): Uint8Array | null {
  return urlKey === null ? null : ports.mac.sha256(urlKey);
}
