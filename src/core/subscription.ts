import type { FilterRule } from './filter.ts';
import type { Id } from './ids.ts';
import type { ContentType, ProfileName } from './profile.ts';
import { stillGoing } from './retiring.ts';
import type { RetryPolicy } from './retry.ts';

/** How the receiver is told who we are; `signature` signs with the secrets of the configuration. */
export type Auth =
  | { type: 'none' }
  | { type: 'signature' }
  | { type: 'basic'; username: string; password: string }
  | { type: 'bearer'; token: string }
  | { type: 'header'; name: string; value: string };

/**
 * Everything about a subscription that a person sets, complete with defaults. Kept as append-only, sealed versions:
 * what a past delivery was made with can always be shown. Secrets are in clear only inside the process.
 */
export interface SubscriptionConfig {
  name: string;
  description: string;
  metadata: Readonly<Record<string, string>>;
  url: string;
  method: 'POST' | 'PUT';
  headers: Readonly<Record<string, string>>;
  auth: Auth;
  /** Newest first. Empty when nothing is signed. */
  signatureSecrets: readonly string[];
  /** Event types or trailing wildcards; empty = all. */
  events: readonly string[];
  filters: readonly FilterRule[];
  retry: RetryPolicy;
  timeoutMs: number;
  owner: string | null;
  profile: ProfileName;
  envelope: 'full' | 'none';
  /** Requests in flight at once, exact. */
  maxConcurrency: number;
  /** Requests begun in any stretch of `seconds`, exact; null for no limit. */
  rateLimit: RateLimit | null;
  /** Events of one `orderingKey` one after the other, in the order they were accepted. */
  ordered: boolean;
  /**
   * Failed deliveries in a row after which it is switched off, whatever its profile says; null leaves it to the
   * profile.
   */
  autoDisableThreshold: number | null;
  /** How the body travels; `form` is `payload=` and the JSON, percent-encoded, and that is what is signed. */
  contentType: ContentType;
  /** Whether the receiver's certificate is checked; false is warned of wherever it shows. */
  sslVerification: boolean;
  /** PEM of certificate authorities that are trusted besides the public ones; null for none. */
  customCa: string | null;
  /** Where the credential of `auth` is read from at each try, in place of one stored here: `env:NAME`, `file:PATH`. */
  credentialRef: string | null;
  /** The same for the signing secret. */
  secretRef: string | null;
  /** Secrets that a rotation replaced, newest first: they go on signing beside the new one until their time. */
  retiringSecrets: readonly RetiringSecret[];
}

export interface RetiringSecret {
  secret: string;
  untilMs: number;
}

/** The secrets of a rotation that still sign at `nowMs`. */
export function liveRetiring(
  { retiringSecrets }: Pick<SubscriptionConfig, 'retiringSecrets'>,
  nowMs: number,
): readonly RetiringSecret[] {
  return stillGoing(retiringSecrets, nowMs);
}

/** The longest timeout a subscription may have: no try is under way for longer. */
export const MAX_TIMEOUT_MS = 60_000;

export interface RateLimit {
  count: number;
  seconds: number;
}

/** Fields that configurations written before them lack. */
type Later =
  | ('rateLimit' | 'ordered' | 'autoDisableThreshold')
  | ('contentType' | 'sslVerification' | 'customCa' | 'credentialRef' | 'secretRef' | 'retiringSecrets');

/** A configuration as some version of the program stored it. */
export type StoredConfig = Omit<SubscriptionConfig, Later> & Partial<Pick<SubscriptionConfig, Later>>;

/**
 * A stored configuration with what it lacks as if it had been left out when it was made. Added fields stand last, so
 * that it is stored again exactly like one that is made today.
 */
export function completeStored(stored: StoredConfig): SubscriptionConfig {
  const { rateLimit, ordered, autoDisableThreshold, ...first } = stored;
  const { contentType, sslVerification, customCa, credentialRef, secretRef, retiringSecrets, ...rest } = first;
  return {
    ...rest,
    rateLimit: rateLimit ?? null,
    ordered: ordered ?? false,
    autoDisableThreshold: autoDisableThreshold ?? null,
    contentType: contentType ?? 'json',
    sslVerification: sslVerification ?? true,
    customCa: customCa ?? null,
    credentialRef: credentialRef ?? null,
    secretRef: secretRef ?? null,
    retiringSecrets: retiringSecrets ?? [],
  };
}

/** Whether a subscription is served. `paused` keeps matching and holds; `disabled` neither matches nor sends. */
export type SubscriptionState =
  | { kind: 'active' }
  | { kind: 'paused'; sinceMs: number }
  | { kind: 'disabled'; sinceMs: number; reason: DisabledReason };

/** Why the program itself switches a subscription off. */
export type OffReason = 'gone' | 'failures';

/** Who switched it off: a person, the program, or both. It is on again when neither keeps it off. */
export type DisabledReason = 'user' | OffReason | `user+${OffReason}`;

/** What is said of it: a person's word goes before the program's. */
export type SaidReason = 'user' | OffReason;

/** Who keeps a subscription off, of both. */
export function keepersOf(reason: DisabledReason): { user: boolean; program: OffReason | null } {
  switch (reason) {
    case 'user':
      return { user: true, program: null };
    case 'gone':
    case 'failures':
      return { user: false, program: reason };
    case 'user+gone':
      return { user: true, program: 'gone' };
    case 'user+failures':
      return { user: true, program: 'failures' };
  }
}

/** The reason as it is told. */
export function saidReason(reason: DisabledReason): SaidReason {
  const { user, program } = keepersOf(reason);
  return user || program === null ? 'user' : program;
}

/** A stretch of time a person paused the subscription; the age of its deliveries does not grow meanwhile. */
export interface Pause {
  fromMs: number;
  /** null while it lasts. */
  toMs: number | null;
}

export interface Subscription {
  id: Id;
  tenant: Id;
  /** 1 for the first configuration; also its ETag. */
  version: number;
  state: SubscriptionState;
  pauses: readonly Pause[];
  createdAtMs: number;
  updatedAtMs: number;
  createdBy: Id | null;
  config: SubscriptionConfig;
}

/** Milliseconds of `[fromMs, toMs]` that were spent paused. */
export function pausedMs(pauses: readonly Pause[], fromMs: number, toMs: number): number {
  return pauses.reduce((sum, pause) => {
    const overlap = Math.min(toMs, pause.toMs ?? toMs) - Math.max(fromMs, pause.fromMs);
    return sum + Math.max(0, overlap);
  }, 0);
}
