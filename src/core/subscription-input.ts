/** From what a caller writes to a complete configuration, and back. Names and defaults are those of the API. */
import { isEventPattern } from './event.ts';
import { compileFilters, type FilterRule } from './filter.ts';
import { headerErrors, isHeaderName, isHeaderValue } from './header.ts';
import { isOwnerPath } from './owner.ts';
import type { FieldError } from './problem.ts';
import { type ProfileName, profiles } from './profile.ts';
import { type BackoffType, defaultMaxAgeSeconds, type RetryOn, type RetryPolicy } from './retry.ts';
import { signatureKey } from './signature/sign.ts';
import type { Auth, RateLimit, SubscriptionConfig } from './subscription.ts';

export interface RetryInput {
  maxRetries?: number | undefined;
  backoffType?: BackoffType | undefined;
  backoffSeconds?: number | undefined;
  scheduleSeconds?: readonly number[] | undefined;
  maxAgeSeconds?: number | undefined;
  jitter?: number | undefined;
  retryOn?: readonly RetryOn[] | 'all' | undefined;
}

/** A subscription as a caller writes it: shapes are checked already, meaning is not. */
export interface SubscriptionInput {
  name: string;
  url: string;
  description?: string | undefined;
  metadata?: Readonly<Record<string, string>> | undefined;
  method?: 'POST' | 'PUT' | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  authType?: Auth['type'] | undefined;
  basicUsername?: string | undefined;
  basicPassword?: string | undefined;
  bearerToken?: string | undefined;
  authHeader?: { name: string; value: string } | undefined;
  signatureSecret?: string | undefined;
  events?: readonly string[] | undefined;
  filters?: readonly FilterRule[] | undefined;
  retryPolicy?: RetryInput | undefined;
  timeout?: number | undefined;
  owner?: string | null | undefined;
  profile?: ProfileName | undefined;
  envelope?: 'full' | 'none' | undefined;
  maxConcurrency?: number | undefined;
  rateLimit?: RateLimit | null | undefined;
  ordered?: boolean | undefined;
  autoDisableThreshold?: number | null | undefined;
}

export type Completed =
  /** `generatedSecret` is shown once, when the caller asked for signatures and named no secret. */
  | { kind: 'config'; config: SubscriptionConfig; generatedSecret: string | null }
  | { kind: 'invalid'; errors: readonly FieldError[] };

const ALL_CAUSES: readonly RetryOn[] = ['network', '5xx', '408', '425', '429', '4xx', '3xx'];
const DEFAULT_CONCURRENCY = 8;

/**
 * Completes and checks a subscription. Everything wrong is reported at once, each with its pointer.
 * @param makeSecret makes a fresh signing secret (`whsec_` and base64)
 */
export function completeSubscription(input: SubscriptionInput, makeSecret: () => string): Completed {
  const profile = profiles[input.profile ?? 'stella'];
  const authType = input.authType ?? (input.signatureSecret === undefined ? profile.defaultAuth : 'signature');
  const auth = authOf(input, authType);
  const errors = [...auth.errors, ...inputErrors(input, authType)];
  if (errors.length > 0 || auth.auth === null) return { kind: 'invalid', errors };
  const generatedSecret = authType === 'signature' && input.signatureSecret === undefined ? makeSecret() : null;
  const secret = generatedSecret ?? input.signatureSecret;
  const timeoutMs = input.timeout ?? profile.timeoutMs;
  const config: SubscriptionConfig = {
    name: input.name,
    description: input.description ?? '',
    metadata: input.metadata ?? {},
    url: input.url,
    method: input.method ?? 'POST',
    headers: input.headers ?? {},
    auth: auth.auth,
    signatureSecrets: authType === 'signature' && secret !== undefined ? [secret] : [],
    events: input.events ?? [],
    filters: input.filters ?? [],
    retry: retryOf(input.retryPolicy ?? {}, input.profile ?? 'stella', timeoutMs),
    timeoutMs,
    owner: input.owner ?? null,
    profile: input.profile ?? 'stella',
    envelope: input.envelope ?? 'full',
    maxConcurrency: input.maxConcurrency ?? DEFAULT_CONCURRENCY,
    rateLimit: input.rateLimit ?? null,
    ordered: input.ordered ?? false,
    autoDisableThreshold: input.autoDisableThreshold ?? null,
  };
  return { kind: 'config', config, generatedSecret };
}

function retryOf(input: RetryInput, profile: ProfileName, timeoutMs: number): RetryPolicy {
  const defaults = profiles[profile].retry;
  const own = Object.values(input).some((value) => value !== undefined);
  const backoffType = backoffTypeOf(input, profile);
  const policy = {
    maxRetries: input.maxRetries ?? defaults.maxRetries,
    backoffType,
    backoffSeconds: input.backoffSeconds ?? defaults.backoffSeconds,
    scheduleSeconds: backoffType === 'schedule' ? (input.scheduleSeconds ?? defaults.scheduleSeconds) : [],
    // A policy of the caller's own is exact unless it asks for jitter (seed 001).
    jitter: input.jitter ?? (own ? 0 : defaults.jitter),
    retryOn: input.retryOn === 'all' ? ALL_CAUSES : (input.retryOn ?? defaults.retryOn),
    honoursRetryAfter: defaults.honoursRetryAfter,
  };
  return { ...policy, maxAgeSeconds: input.maxAgeSeconds ?? defaultMaxAgeSeconds(policy, timeoutMs) };
}

/** The type a caller names or means: a field that only one kind of type reads is never without effect. */
function backoffTypeOf(input: RetryInput, profile: ProfileName): BackoffType {
  if (input.backoffType !== undefined) return input.backoffType;
  if (input.scheduleSeconds !== undefined) return 'schedule';
  const byDefault = profiles[profile].retry.backoffType;
  return byDefault === 'schedule' && input.backoffSeconds !== undefined ? 'exponential' : byDefault;
}

/** Which fields each way of authenticating needs, and how it is made of them. */
const authFields: Record<Auth['type'], readonly (keyof SubscriptionInput)[]> = {
  none: [],
  signature: [],
  basic: ['basicUsername', 'basicPassword'],
  bearer: ['bearerToken'],
  header: ['authHeader'],
};

function authOf(input: SubscriptionInput, type: Auth['type']): { auth: Auth | null; errors: FieldError[] } {
  const needed = authFields[type];
  const errors = needed
    .filter((field) => input[field] === undefined)
    .map((field) => ({ pointer: `/${field}`, message: `Needed with authType "${type}".` }));
  const optional = Object.values(authFields).flat();
  for (const field of optional) {
    if (input[field] !== undefined && !needed.includes(field)) {
      errors.push({ pointer: `/${field}`, message: `Has no effect with authType "${type}"; leave it out.` });
    }
  }
  if (input.signatureSecret !== undefined && type !== 'signature') {
    errors.push({ pointer: '/signatureSecret', message: `Has no effect with authType "${type}"; leave it out.` });
  }
  return { auth: errors.length > 0 ? null : buildAuth(input, type), errors };
}

function buildAuth(input: SubscriptionInput, type: Auth['type']): Auth {
  switch (type) {
    case 'none':
    case 'signature':
      return { type };
    case 'basic':
      return { type, username: input.basicUsername ?? '', password: input.basicPassword ?? '' };
    case 'bearer':
      return { type, token: input.bearerToken ?? '' };
    case 'header':
      return { type, name: input.authHeader?.name ?? '', value: input.authHeader?.value ?? '' };
  }
}

function inputErrors(input: SubscriptionInput, authType: Auth['type']): FieldError[] {
  const errors: FieldError[] = [];
  (input.events ?? []).forEach((pattern, at) => {
    if (!isEventPattern(pattern)) {
      const message = 'An event type of 1 to 64 characters such as "deployment.completed", or "deployment.*".';
      errors.push({ pointer: `/events/${at}`, message });
    }
  });
  if (input.owner !== undefined && input.owner !== null && !isOwnerPath(input.owner)) {
    errors.push({ pointer: '/owner', message: 'An owner path such as "org:7" or "org:7/repo:42".' });
  }
  const filters = compileFilters(input.filters ?? []);
  if (filters.kind === 'refused') errors.push(...filters.errors);
  const headers = input.headers ?? {};
  errors.push(...headerErrors(headers, ownedHeaders(input, authType), '/headers'));
  errors.push(...credentialErrors(input), ...retryErrors(input.retryPolicy ?? {}, input.profile ?? 'stella'));
  return errors;
}

function ownedHeaders(input: SubscriptionInput, authType: Auth['type']): string[] {
  const owned = [...profiles[input.profile ?? 'stella'].ownHeaders];
  if (authType === 'basic' || authType === 'bearer') owned.push('authorization');
  if (input.authHeader !== undefined) owned.push(input.authHeader.name.toLowerCase());
  return owned;
}

function credentialErrors(input: SubscriptionInput): FieldError[] {
  const errors = authHeaderErrors(input);
  if (input.bearerToken !== undefined && !isHeaderValue(input.bearerToken)) {
    errors.push({ pointer: '/bearerToken', message: 'Printable ASCII without line breaks.' });
  }
  if (input.basicUsername?.includes(':')) {
    errors.push({ pointer: '/basicUsername', message: 'A user name holds no colon (RFC 7617).' });
  }
  if (input.signatureSecret !== undefined && signatureKey(input.signatureSecret, 'standard').length === 0) {
    errors.push({ pointer: '/signatureSecret', message: 'An empty key signs nothing.' });
  }
  return errors;
}

function authHeaderErrors(input: SubscriptionInput): FieldError[] {
  if (input.authHeader === undefined) return [];
  const { name, value } = input.authHeader;
  const owned = ownedHeaders({ ...input, authHeader: undefined }, 'none');
  const pointer = isHeaderName(name) && !isHeaderValue(value) ? '/authHeader/value' : '/authHeader/name';
  return headerErrors({ [name]: value }, owned, '').map(({ message }) => ({ pointer, message }));
}

function retryErrors(retry: RetryInput, profile: ProfileName): FieldError[] {
  const type = backoffTypeOf(retry, profile);
  const isNamed = retry.backoffType === 'schedule' || retry.scheduleSeconds !== undefined;
  if (type === 'schedule' && isNamed && (retry.scheduleSeconds ?? []).length === 0) {
    return [{ pointer: '/retryPolicy/scheduleSeconds', message: 'Needed with backoffType "schedule".' }];
  }
  const idle = type === 'schedule' ? 'backoffSeconds' : 'scheduleSeconds';
  if (retry[idle] === undefined) return [];
  return [{ pointer: `/retryPolicy/${idle}`, message: `Has no effect with backoffType "${type}"; leave it out.` }];
}

/** The configuration in the words of the API, with its secrets; for merging a change into it. */
export function inputOf(config: SubscriptionConfig): SubscriptionInput {
  const { auth, retry } = config;
  return {
    ...shownInput(config),
    ...(auth.type === 'basic' ? { basicUsername: auth.username, basicPassword: auth.password } : {}),
    ...(auth.type === 'bearer' ? { bearerToken: auth.token } : {}),
    ...(auth.type === 'header' ? { authHeader: { name: auth.name, value: auth.value } } : {}),
    ...(config.signatureSecrets[0] === undefined ? {} : { signatureSecret: config.signatureSecrets[0] }),
    headers: config.headers,
    retryPolicy: { ...shownRetry(retry) },
  };
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
    profile: config.profile,
    envelope: config.envelope,
    maxConcurrency: config.maxConcurrency,
    rateLimit: config.rateLimit,
    ordered: config.ordered,
    autoDisableThreshold: config.autoDisableThreshold,
  };
}

function shownRetry(retry: RetryPolicy) {
  return {
    maxRetries: retry.maxRetries,
    backoffType: retry.backoffType,
    ...(retry.backoffType === 'schedule'
      ? { scheduleSeconds: retry.scheduleSeconds }
      : { backoffSeconds: retry.backoffSeconds }),
    maxAgeSeconds: retry.maxAgeSeconds,
    jitter: retry.jitter,
    retryOn: retry.retryOn,
  };
}
