/**
 * From what a caller writes to a complete source, and back. Names are those of the API and of seed 001's WebhookConfig.
 */
import { readNetworks } from './address.ts';
import { FACT_FIELDS } from './fact.ts';
import { type CompiledFilters, compileFilters, type FilterRule } from './filter.ts';
import { canonicalHost, isHost } from './image-ref.ts';
import { type Mapping, mappingErrors } from './mapping.ts';
import type { FieldError } from './problem.ts';
import { isTimeZone } from './reader/times.ts';
import { type RetryInput, retryErrors } from './retry-input.ts';
import { type Scheme, schemeInput } from './signature/schemes.ts';
import { isSourceType, SOURCE_TYPES, type SourceConfig, type SourceType } from './source.ts';
import { readScheme, type SourceSchemeInput } from './source-input-scheme.ts';
import { type SourceSecretInput, secretErrors } from './source-input-secret.ts';
import { needsSecret } from './source-secrets.ts';
import { newFaults } from './standing-faults.ts';
import type { RateLimit } from './subscription.ts';

/** A source as a caller writes it: shapes are checked already, meaning is not. */
export interface SourceInput extends SourceSchemeInput, SourceSecretInput {
  type: string;
  name?: string | undefined;
  description?: string | undefined;
  /** The caller's own reference; nothing looks at it. */
  integrationId?: string | null | undefined;
  registry?: string | null | undefined;
  timeZone?: string | null | undefined;
  filters?: readonly FilterRule[] | undefined;
  mapping?: Mapping | null | undefined;
  ipAllowList?: readonly string[] | undefined;
  maxBodyBytes?: number | null | undefined;
  rateLimit?: RateLimit | null | undefined;
  retryPolicy?: RetryInput | null | undefined;
}

export type SourceCompleted =
  /** `generatedSecret` is shown once, when the scheme needs a secret and none was given. */
  | { kind: 'config'; config: SourceConfig; generatedSecret: string | null }
  | { kind: 'invalid'; errors: readonly FieldError[] };

/** Makes what a source needs of randomness. */
export interface SourceMaker {
  /** A secret in the form that senders of this scheme take. */
  secret(scheme: Scheme['type']): string;
  /** A UUID v4. */
  urlKey(): string;
}

/** A source that is changed, and faults of it that are no reason to refuse the change. */
export interface StandingSource {
  config: SourceConfig;
  faults: readonly FieldError[];
}

/**
 * Completes and checks a source. Everything wrong is reported at once, each with its pointer.
 * @param mostBodyBytes the limit of the instance, above which a limit of the source's own would have no effect
 */
export function completeSource(
  input: SourceInput,
  maker: SourceMaker,
  mostBodyBytes = Infinity,
  standing?: StandingSource,
): SourceCompleted {
  const { type } = input;
  if (!isSourceType(type)) return { kind: 'invalid', errors: [{ pointer: '/type', message: unknownType(type) }] };
  const read = readInput(input, type, mostBodyBytes);
  const errors = newFaults(read.errors, standing?.faults ?? []);
  // What cannot be read, and is no reason to refuse it, stays as it is stored.
  const scheme = read.scheme ?? standing?.config.scheme;
  const ipAllowList = read.ipAllowList ?? standing?.config.ipAllowList;
  if (scheme === undefined || ipAllowList === undefined || errors.length > 0) return { kind: 'invalid', errors };
  const { secretRef = null } = input;
  const lacksSecret = needsSecret(scheme) && input.secret === undefined && secretRef === null;
  const generatedSecret = lacksSecret ? maker.secret(scheme.type) : null;
  const secret = generatedSecret ?? input.secret;
  const config: SourceConfig = {
    type,
    name: input.name ?? type,
    description: input.description ?? '',
    integrationId: input.integrationId ?? null,
    scheme,
    secrets: secret === undefined ? [] : [secret],
    urlKey: scheme.type === 'url' ? maker.urlKey() : null,
    registry: input.registry == null ? null : canonicalHost(input.registry),
    timeZone: input.timeZone ?? null,
    filters: input.filters ?? [],
    mapping: input.mapping ?? null,
    ipAllowList,
    maxBodyBytes: input.maxBodyBytes ?? null,
    rateLimit: input.rateLimit ?? null,
    secretRef,
    retryPolicy: input.retryPolicy ?? null,
    retiringSecrets: [],
    retiringUrlKeys: [],
    pausedAtMs: null,
  };
  return { kind: 'config', config, generatedSecret };
}

/** Everything that is wrong with a stored source by the rules of now. */
export function sourceFaults({ secrets: [secret], ...config }: SourceConfig): readonly FieldError[] {
  const shown = shownSource({ ...config, secrets: [] });
  return readInput(secret === undefined ? shown : { ...shown, secret }, config.type, Infinity).errors;
}

/** What has to be read before it is stored, and everything that is wrong. */
interface Read {
  /** null where it is wrong. */
  scheme: Scheme | null;
  /** null where one of it is wrong. */
  ipAllowList: readonly string[] | null;
  errors: readonly FieldError[];
}

function readInput(input: SourceInput, type: SourceType, mostBodyBytes: number): Read {
  const { scheme, errors: schemeErrors } = readScheme(input, SOURCE_TYPES[type].defaultScheme);
  const networks = readNetworks(input.ipAllowList ?? []);
  const errors = [...schemeErrors, ...fieldErrors(input, type), ...secretErrors(input, scheme)];
  if ((input.maxBodyBytes ?? 0) > mostBodyBytes) {
    errors.push({ pointer: '/maxBodyBytes', message: `At most ${mostBodyBytes}, the limit of this instance.` });
  }
  if (networks.kind === 'refused') {
    errors.push(...networks.faults.map(({ at, message }) => ({ pointer: `/ipAllowList/${at}`, message })));
  }
  return { scheme, ipAllowList: networks.kind === 'refused' ? null : networks.entries, errors };
}

function unknownType(type: string): string {
  const known = `This version has the types ${Object.keys(SOURCE_TYPES).join(', ')}.`;
  return type === 'ci-pipeline' ? `CI systems have no readers yet. ${known}` : known;
}

function fieldErrors(input: SourceInput, type: SourceType): FieldError[] {
  const filters = compileFilters(input.filters ?? []);
  return [
    ...placeErrors(input),
    ...(filters.kind === 'refused' ? filters.errors : unknownFields(filters.filters)),
    ...mappingFaults(input.mapping ?? null, type),
    // The policies that seed 001 knows are those of the profile that carries its name.
    ...retryErrors(input.retryPolicy ?? {}, 'stella'),
  ];
}

/** Rules on what no fact has: they would say the same of every one. */
function unknownFields({ rules }: CompiledFilters): FieldError[] {
  return rules.flatMap(({ path }, index) => {
    const first = (path.kind === 'singular' ? path.steps.slice(0, 1) : path.steps[0]) ?? [];
    // The fields of a fact are texts, numbers and the like: nothing is below them.
    const isField = (name: string) => path.steps.length === 1 && Object.hasOwn(FACT_FIELDS, name);
    const finds = first.some(
      (step) => step.kind === 'every' || (step.kind === 'child' && (step.name === 'body' || isField(step.name ?? ''))),
    );
    if (first.length === 0 || finds) return [];
    const known = Object.keys(FACT_FIELDS).join(', ');
    const message = `Nothing is there: a fact has the fields ${known}; the payload is below \`$.body\`.`;
    return [{ pointer: `/filters/${index}/field`, message }];
  });
}

function placeErrors({ registry, timeZone }: SourceInput): FieldError[] {
  const errors: FieldError[] = [];
  if (registry != null && !isHost(registry)) {
    const message = 'A lower-case host with an optional port, such as "harbor.example.com".';
    errors.push({ pointer: '/registry', message });
  }
  if (timeZone != null && !isTimeZone(timeZone)) {
    const message = 'An IANA name such as "Europe/Berlin" or an offset such as "+02:00".';
    errors.push({ pointer: '/timeZone', message });
  }
  return errors;
}

function mappingFaults(mapping: Mapping | null, type: SourceType): FieldError[] {
  if (mapping === null) return [];
  const { mapping: takes, dedupe } = SOURCE_TYPES[type];
  if (takes === 'optional') return [...mappingErrors(mapping), ...(dedupe.by === 'facts' ? [] : idFaults(mapping))];
  const takers = Object.entries(SOURCE_TYPES).filter(([, traits]) => traits.mapping === 'optional');
  const names = takers.map(([name]) => name).join(', ');
  return [{ pointer: '/mapping', message: `Only sources of the types ${names} take a mapping; null for none.` }];
}

/** An id of the mapping's would have no effect where messages have one of their own. */
function idFaults({ id }: Mapping): FieldError[] {
  const message = 'Events of this type are known by their own `source` and `id`; leave it out.';
  return id === undefined ? [] : [{ pointer: '/mapping/id', message }];
}

/** The configuration in the words of the API, without anything secret. */
export function shownSource(config: SourceConfig) {
  return {
    type: config.type,
    name: config.name,
    description: config.description,
    integrationId: config.integrationId,
    scheme: schemeInput(config.scheme),
    secretRef: config.secretRef,
    registry: config.registry,
    timeZone: config.timeZone,
    filters: config.filters,
    mapping: config.mapping,
    ipAllowList: config.ipAllowList,
    maxBodyBytes: config.maxBodyBytes,
    rateLimit: config.rateLimit,
    retryPolicy: config.retryPolicy,
  };
}
