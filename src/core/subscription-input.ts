/** From what a caller writes to a complete configuration, and back. Names and defaults are those of the API. */
import { type AuthInput, authErrors, authInputOf, authOf, authTypeOf } from './auth-input.ts';
import { isEventPattern } from './event.ts';
import { compileFilters, type FilterRule } from './filter.ts';
import { headerErrors } from './header.ts';
import { FILTER_ROOTS } from './match.ts';
import { type OwnerInput, ownerErrors, ownerOf, shownOwner } from './owner-input.ts';
import type { FieldError } from './problem.ts';
import { type ContentType, type Profile, type ProfileName, profiles } from './profile.ts';
import { type RetryInput, retryErrors, retryOf, shownRetry } from './retry-input.ts';
import { newFaults } from './standing-faults.ts';
import type { Auth, RateLimit, SubscriptionConfig } from './subscription.ts';

/** A subscription as a caller writes it: shapes are checked already, meaning is not. */
export interface SubscriptionInput extends AuthInput, OwnerInput {
  /** The host of the URL unless told: hooks of seed 004 have no names. */
  name?: string | undefined;
  url: string;
  description?: string | undefined;
  metadata?: Readonly<Record<string, string>> | undefined;
  method?: 'POST' | 'PUT' | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  events?: readonly string[] | undefined;
  filters?: readonly FilterRule[] | undefined;
  retryPolicy?: RetryInput | null | undefined;
  timeout?: number | undefined;
  profile?: ProfileName | undefined;
  envelope?: 'full' | 'none' | undefined;
  maxConcurrency?: number | undefined;
  rateLimit?: RateLimit | null | undefined;
  ordered?: boolean | undefined;
  autoDisableThreshold?: number | null | undefined;
  contentType?: ContentType | undefined;
  sslVerification?: boolean | undefined;
  customCa?: string | null | undefined;
}

export type Completed =
  /** `generatedSecret` is shown once, when the caller asked for signatures and named no secret. */
  | { kind: 'config'; config: SubscriptionConfig; generatedSecret: string | null }
  | { kind: 'invalid'; errors: readonly FieldError[] };

const DEFAULT_CONCURRENCY = 8;
const MAX_NAME_CHARS = 200;

/** The profile that is named or meant: hooks of repositories and organisations are those of seed 004. */
function profileOf({ profile, ownerKind }: SubscriptionInput): ProfileName {
  return profile ?? (ownerKind === undefined || ownerKind === null ? 'stella' : 'forge');
}

/**
 * Completes and checks a subscription. Everything wrong is reported at once, each with its pointer.
 * @param makeSecret makes a fresh signing secret (`whsec_` and base64)
 * @param standing errors of one that is changed, which are no reason to refuse the change
 */
export function completeSubscription(
  input: SubscriptionInput,
  makeSecret: () => string,
  standing: readonly FieldError[] = [],
): Completed {
  const profile = profileOf(input);
  const authType = authTypeOf(input, profiles[profile].defaultAuth);
  const errors = newFaults(inputErrors(input), standing);
  if (errors.length > 0) return { kind: 'invalid', errors };
  const { signatureSecret, secretRef = null, credentialRef = null } = input;
  const needsSecret = authType === 'signature' && signatureSecret === undefined && secretRef === null;
  const generatedSecret = needsSecret ? makeSecret() : null;
  const secret = generatedSecret ?? signatureSecret;
  const timeoutMs = input.timeout ?? profiles[profile].timeoutMs;
  const config: SubscriptionConfig = {
    name: input.name ?? hostOf(input.url),
    description: input.description ?? '',
    metadata: input.metadata ?? {},
    url: input.url,
    method: input.method ?? 'POST',
    headers: input.headers ?? {},
    auth: authOf(input, authType),
    signatureSecrets: secret === undefined ? [] : [secret],
    events: input.events ?? [],
    filters: input.filters ?? [],
    retry: retryOf(input.retryPolicy ?? {}, profile, timeoutMs),
    timeoutMs,
    owner: ownerOf(input),
    profile,
    envelope: input.envelope ?? (profiles[profile].envelope === null ? 'none' : 'full'),
    maxConcurrency: input.maxConcurrency ?? DEFAULT_CONCURRENCY,
    rateLimit: input.rateLimit ?? null,
    ordered: input.ordered ?? false,
    autoDisableThreshold: input.autoDisableThreshold ?? null,
    contentType: input.contentType ?? 'json',
    sslVerification: input.sslVerification ?? true,
    customCa: input.customCa ?? null,
    credentialRef,
    secretRef,
    retiringSecrets: [],
  };
  return { kind: 'config', config, generatedSecret };
}

/** What the address gate will refuse anyway is a name like any other. */
function hostOf(url: string): string {
  return (URL.canParse(url) ? new URL(url).host : url).slice(0, MAX_NAME_CHARS);
}

/** Everything that is wrong with the fields, each with its pointer. */
export function inputErrors(input: SubscriptionInput): FieldError[] {
  const profile = profileOf(input);
  const authType = authTypeOf(input, profiles[profile].defaultAuth);
  const filters = compileFilters(input.filters ?? [], FILTER_ROOTS);
  const owned = ownedHeaders(input, profiles[profile]);
  return [
    ...eventErrors(input.events ?? []),
    ...ownerErrors(input),
    ...(filters.kind === 'refused' ? filters.errors : []),
    ...headerErrors(input.headers ?? {}, [...owned, ...credentialHeaders(input, authType)], '/headers'),
    ...authErrors(input, authType, { owned, profile }),
    ...retryErrors(input.retryPolicy ?? {}, profile),
    ...profileErrors(input, profile),
  ];
}

function eventErrors(patterns: readonly string[]): FieldError[] {
  const message = 'An event type of 1 to 64 characters such as "deployment.completed", or "deployment.*".';
  return patterns.flatMap((pattern, at) => (isEventPattern(pattern) ? [] : [{ pointer: `/events/${at}`, message }]));
}

/** What the subscription sends anyway. As a form it is one, whatever a header would say. */
function ownedHeaders({ contentType }: SubscriptionInput, { ownHeaders }: Profile): readonly string[] {
  return contentType === 'form' ? [...ownHeaders, 'content-type'] : ownHeaders;
}

function credentialHeaders({ authHeader }: SubscriptionInput, authType: Auth['type']): string[] {
  const owned = authType === 'basic' || authType === 'bearer' ? ['authorization'] : [];
  return authHeader === undefined ? owned : [...owned, authHeader.name.toLowerCase()];
}

/** What the profile does not do, so that nothing is set in vain. */
function profileErrors(input: SubscriptionInput, name: ProfileName): FieldError[] {
  const { envelope, contentTypes, autoDisable } = profiles[name];
  const errors: FieldError[] = [];
  if (input.envelope === 'full' && envelope === null) {
    errors.push({ pointer: '/envelope', message: `The profile "${name}" sends the event's data alone.` });
  }
  if (input.contentType !== undefined && !contentTypes.includes(input.contentType)) {
    const message = `The profile "${name}" sends ${contentTypes.join(' or ')} only.`;
    errors.push({ pointer: '/contentType', message });
  }
  const { autoDisableThreshold = null } = input;
  if (autoDisableThreshold !== null && autoDisable === null) {
    const message = `A subscription with the profile "${name}" is never switched off for failures.`;
    errors.push({ pointer: '/autoDisableThreshold', message });
  }
  return errors;
}

/** The configuration in the words of the API, with its secrets; for merging a change into it. */
export function inputOf(config: SubscriptionConfig): SubscriptionInput {
  const { ownerKind: _kind, ownerId: _id, ...shown } = shownInput(config);
  return { ...shown, ...authInputOf(config), headers: config.headers };
}

/** The configuration in the words of the API, without anything secret but custom headers. */
export function shownInput(config: SubscriptionConfig) {
  return {
    name: config.name,
    description: config.description,
    metadata: config.metadata,
    url: config.url,
    method: config.method,
    headers: config.headers,
    authType: config.auth.type,
    events: config.events,
    filters: config.filters,
    retryPolicy: shownRetry(config.retry),
    timeout: config.timeoutMs,
    owner: config.owner,
    ...shownOwner(config.owner),
    profile: config.profile,
    envelope: config.envelope,
    maxConcurrency: config.maxConcurrency,
    rateLimit: config.rateLimit,
    ordered: config.ordered,
    autoDisableThreshold: config.autoDisableThreshold,
    contentType: config.contentType,
    sslVerification: config.sslVerification,
    customCa: config.customCa,
    credentialRef: config.credentialRef,
    secretRef: config.secretRef,
  };
}
