/** Inbound doors: made, changed, closed, given a new secret URL. */
import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { SourceConfig } from '../core/source.ts';
import { completeSource, type SourceCompleted, type SourceInput, type SourceMaker } from '../core/source-input.ts';
import type { ConfigChange, IdempotencyClaim, Ports } from '../ports.ts';
import type { FlowPorts, LiveSource } from './configuration.ts';
import { freshSigningSecret } from './create-subscription.ts';
import { configure, isSame, overtakenBy, type Repeated, sealSource, unlessOvertaken } from './sealed-configuration.ts';

export interface MadeSource {
  source: LiveSource;
  /** Shown this once. */
  generatedSecret: string | null;
}

export interface CreateSource {
  tenant: Id;
  by: Id | null;
  input: SourceInput;
  enabled: boolean;
  claims?: (made: MadeSource) => readonly IdempotencyClaim[];
}

const SECRET_BYTES = 32;

function makerOf(random: Ports['random']): SourceMaker {
  return {
    secret: (scheme) =>
      scheme === 'standard-webhooks'
        ? freshSigningSecret(random)
        : Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url'),
    urlKey: () => uuidV4(random.bytes(16)),
  };
}

/** A version 4 UUID of 122 random bits (RFC 9562 §5.4). */
function uuidV4(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Checks and stores a source. */
export async function createSource(
  ports: FlowPorts,
  request: CreateSource,
): Promise<({ kind: 'created' } & MadeSource) | Repeated | Problem> {
  const completed = completeSource(request.input, makerOf(ports.random));
  if (completed.kind === 'invalid') return problem('validation_failed', { errors: completed.errors });
  const nowMs = ports.clock.nowMs();
  const source: LiveSource = {
    id: idAt(nowMs, ports.random.bytes(16)),
    tenant: request.tenant,
    version: 1,
    enabled: request.enabled,
    urlKeyHash: urlKeyHash(ports, completed.config),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    createdBy: request.by,
    config: completed.config,
    missingKeyId: null,
  };
  const made = { source, generatedSecret: completed.generatedSecret };
  const change = putSource(ports, source, completed.config, null);
  const outcome = await configure(ports, request.tenant, change, request.claims?.(made) ?? []);
  return outcome.kind === 'changed' ? { kind: 'created', ...made } : outcome;
}

/** A source after a change. */
export interface ChangedSource {
  kind: 'changed';
  source: LiveSource;
  generatedSecret: string | null;
}

export interface ChangeSource {
  tenant: Id;
  id: Id;
  /** Fields to change; the others stay. */
  patch: Partial<SourceInput>;
  enabled?: boolean;
  /** The version the caller saw; null changes whatever stands. */
  ifVersion: number | null;
}

/**
 * Changes a source; fields not named stay, the secret among them unless the scheme becomes one of another type. A
 * change that changes nothing writes nothing.
 */
export function changeSource(ports: FlowPorts, request: ChangeSource): Promise<ChangedSource | Problem> {
  return unlessOvertaken(request, () => changeSourceOnce(ports, request));
}

async function changeSourceOnce(ports: FlowPorts, request: ChangeSource): Promise<ChangedSource | Problem> {
  const found = await openSource(ports, request);
  if (found.kind === 'problem') return found;
  const { source, config } = found;
  const overtaken = overtakenBy(source, request.ifVersion);
  if (overtaken !== null) return overtaken;
  const completed = completeChanged(config, request.patch, makerOf(ports.random));
  if (completed.kind === 'invalid') return problem('validation_failed', { errors: completed.errors });
  // A secret URL that exists stays; only `regenerate-url` changes it.
  const urlKey = completed.config.urlKey === null ? null : (config.urlKey ?? completed.config.urlKey);
  const enabled = request.enabled ?? source.enabled;
  const changed = { ...completed.config, urlKey };
  if (isSame(changed, config) && enabled === source.enabled) return { kind: 'changed', source, generatedSecret: null };
  return storeSource(ports, { ...source, enabled }, changed, completed.generatedSecret);
}

/** The stored fields with the patch over them. A secret stays with the type of scheme that it was made for. */
function completeChanged(config: SourceConfig, patch: Partial<SourceInput>, maker: SourceMaker): SourceCompleted {
  const input = { ...inputOf(config, patch), ...patch };
  const secret = config.secrets[0];
  if (patch.secret !== undefined || secret === undefined) return completeSource(input, maker);
  const kept = completeSource({ ...input, secret }, maker);
  return kept.kind === 'config' && kept.config.scheme.type === config.scheme.type ? kept : completeSource(input, maker);
}

function inputOf(config: SourceConfig, patch: Partial<SourceInput>): SourceInput {
  const namesScheme =
    patch.scheme !== undefined || patch.signatureHeader !== undefined || patch.signatureAlgorithm !== undefined;
  return {
    type: config.type,
    name: config.name,
    description: config.description,
    registry: config.registry,
    timeZone: config.timeZone,
    ...(namesScheme ? {} : { scheme: schemeInput(config) }),
  };
}

/** The scheme in the words of the API; giving it back yields the same scheme. */
export function schemeInput({ scheme }: SourceConfig): NonNullable<SourceInput['scheme']> {
  switch (scheme.type) {
    case 'hmac': {
      const { hash, header, prefix, encoding } = scheme;
      return { type: `hmac-${hash}`, header, prefix, encoding };
    }
    case 'standard-webhooks':
    case 'token':
      return { type: scheme.type, header: scheme.header };
    case 'url':
    case 'none':
      return { type: scheme.type };
  }
}

export interface RegenerateUrl {
  tenant: Id;
  id: Id;
  claims?: (made: MadeSource) => readonly IdempotencyClaim[];
}

/** Gives a source a new secret URL; the old one answers 404 from now on (seed 003). */
export function regenerateUrl(ports: FlowPorts, request: RegenerateUrl): Promise<ChangedSource | Repeated | Problem> {
  return unlessOvertaken({ id: request.id, ifVersion: null }, () => regenerateOnce(ports, request));
}

async function regenerateOnce(ports: FlowPorts, request: RegenerateUrl): Promise<ChangedSource | Repeated | Problem> {
  const found = await openSource(ports, request);
  if (found.kind === 'problem') return found;
  if (found.config.urlKey === null) {
    const message = 'This source has no secret URL: its scheme is not "url".';
    return problem('validation_failed', { detail: message, errors: [{ pointer: '', message }] });
  }
  const config = { ...found.config, urlKey: makerOf(ports.random).urlKey() };
  const { version } = found.source;
  const updatedAtMs = ports.clock.nowMs();
  const source = { ...found.source, version: version + 1, updatedAtMs, urlKeyHash: urlKeyHash(ports, config), config };
  const change = putSource(ports, source, config, version);
  const claims = request.claims?.({ source, generatedSecret: null }) ?? [];
  const outcome = await configure(ports, request.tenant, change, claims);
  return outcome.kind === 'changed' ? { kind: 'changed', source, generatedSecret: null } : outcome;
}

/** Closes a source for good, if it stands at the version the caller saw where one is named; its receipts stay. */
export async function deleteSource(
  ports: FlowPorts,
  { tenant, id, ifVersion = null }: Pick<ChangeSource, 'tenant' | 'id'> & Partial<Pick<ChangeSource, 'ifVersion'>>,
): Promise<{ kind: 'deleted' } | Problem> {
  const change = { kind: 'delete_source', id } as const;
  const outcome = await configure(ports, tenant, ifVersion === null ? change : { ...change, version: ifVersion });
  return outcome.kind === 'problem' ? outcome : { kind: 'deleted' };
}

async function openSource(
  ports: FlowPorts,
  { tenant, id }: { tenant: Id; id: Id },
): Promise<{ kind: 'open'; source: LiveSource; config: SourceConfig } | Problem> {
  const configuration = await ports.configuration.refresh(tenant);
  const source = configuration.sources.get(id);
  if (source === undefined) return problem('not_found');
  return source.config === null ? problem('secret_unavailable') : { kind: 'open', source, config: source.config };
}

async function storeSource(
  ports: FlowPorts,
  source: LiveSource,
  config: SourceConfig,
  generatedSecret: string | null,
): Promise<ChangedSource | Problem> {
  const outcome = await configure(ports, source.tenant, putSource(ports, source, config, source.version));
  if (outcome.kind === 'problem') return outcome;
  if (outcome.kind === 'repeated') throw new Error('a change without claims cannot be a repetition');
  const after = outcome.configuration.sources.get(source.id);
  return after === undefined ? problem('not_found') : { kind: 'changed', source: after, generatedSecret };
}

function putSource(ports: FlowPorts, source: LiveSource, config: SourceConfig, version: number | null): ConfigChange {
  return {
    kind: 'put_source',
    id: source.id,
    config: sealSource(ports, source.tenant, source.id, config),
    createdBy: source.createdBy,
    enabled: source.enabled,
    urlKeyHash: urlKeyHash(ports, config),
    version,
  };
}

function urlKeyHash(ports: Pick<Ports, 'mac'>, config: SourceConfig): Uint8Array | null {
  return config.urlKey === null ? null : ports.mac.sha256(config.urlKey);
}
