/**
 * Wire dialects, one row each: what a delivery looks like and which policy it has unless the subscription says
 * otherwise.
 */
import { RETRY_ON, type RetryOn, type RetryPolicy } from './retry.ts';

/** All profiles, in the order of the table. */
export const PROFILE_NAMES = ['standard', 'stella', 'instanode', 'foreman', 'forge'] as const;

export type ProfileName = (typeof PROFILE_NAMES)[number];

/** How a body travels. */
export type ContentType = 'json' | 'form';

/** Retry settings of a profile; the maximum age follows from them when the subscription names none. */
export type RetryDefaults = Omit<RetryPolicy, 'maxAgeSeconds'>;

export interface AutoDisable {
  /** Failed deliveries in a row. */
  threshold: number;
  /** The streak is at least this old; a threshold of the subscription's own decides alone. */
  minSpanMs: number;
  /** Whether the oldest held delivery is tried once an hour and switches the subscription on again. */
  probes: boolean;
}

/** What stands around the event's data in the body. */
export interface Envelope {
  /** Which id it carries. */
  id: 'event' | 'delivery';
  /**
   * `acceptance`: when the event was accepted. `recent`: when the delivery was made while that is under four minutes
   * ago, else the try's due time, else now, because receivers of seed 001 refuse a timestamp older than five.
   */
  time: 'acceptance' | 'recent';
}

/** What a header of a profile's own says; `time` is that of the envelope. */
export type HeaderFact = 'event' | 'delivery' | 'time' | 'idempotency_key';

/** A header with the hex HMAC-SHA256 of the body. */
export interface BodySignature {
  /** Lower case. During a rotation `<header>-next` carries the signature of the new secret. */
  header: string;
  prefix: '' | 'sha256=';
}

export interface Profile {
  /** null: the body is the event's data, whatever the subscription would like. */
  envelope: Envelope | null;
  contentTypes: readonly ContentType[];
  /** Headers of its own besides signatures, lower case. */
  facts: readonly (readonly [name: string, fact: HeaderFact])[];
  bodySignature: BodySignature | null;
  /** Whether the three `webhook-*` headers are sent: `signed` only when the subscription signs. */
  standardWebhooks: 'always' | 'signed' | 'never';
  /**
   * Whether any but a first delivery is of no event for whoever looks at it: its idempotency key is made over an empty
   * event id, and the API shows none (seed 004).
   */
  repeatsWithoutEvent: boolean;
  /** Header names the profile owns, lower case; a subscription may not set them. */
  ownHeaders: readonly string[];
  /** What authenticates a subscription that does not say. */
  defaultAuth: 'none' | 'signature';
  timeoutMs: number;
  retry: RetryDefaults;
  /** Whether trouble in a row holds first tries back until a probe gets through. */
  hasCircuit: boolean;
  /** When a streak of failed deliveries switches the subscription off; null for never. */
  autoDisable: AutoDisable | null;
  /** Whether the answer 410 switches the subscription off. */
  goneDisables: boolean;
  /** Whether the response header `webhook-delivery: abort-message | disable` is obeyed. */
  heedsReceiver: boolean;
}

const SERVER_TROUBLE: readonly RetryOn[] = ['network', '5xx'];
const ASKS_FOR_PATIENCE: readonly RetryOn[] = [...SERVER_TROUBLE, '408', '425', '429'];
/** 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h */
const STANDARD_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
const FIFTY_IN_A_DAY: AutoDisable = { threshold: 50, minSpanMs: 86_400_000, probes: true };

function schedule(seconds: readonly number[], jitter: number, retryOn: readonly RetryOn[]) {
  const [backoffSeconds = 0] = seconds;
  const waits = { backoffType: 'schedule', backoffSeconds, scheduleSeconds: seconds } as const;
  return { maxRetries: seconds.length, ...waits, jitter, retryOn };
}

function exponential(maxRetries: number, backoffSeconds: number, retryOn: readonly RetryOn[]) {
  const waits = { backoffType: 'exponential', backoffSeconds, scheduleSeconds: [] } as const;
  return { maxRetries, ...waits, jitter: 0, retryOn };
}

/**
 * What the three flat profiles have in common: the seeds they come from keep sending, and say who they are by one MAC.
 */
const FLAT = {
  envelope: null,
  facts: [],
  standardWebhooks: 'never',
  repeatsWithoutEvent: false,
  defaultAuth: 'none',
  timeoutMs: 10_000,
  hasCircuit: false,
  autoDisable: null,
  goneDisables: false,
  heedsReceiver: false,
} as const;

const rows: Readonly<Record<ProfileName, Omit<Profile, 'ownHeaders'>>> = {
  standard: {
    envelope: { id: 'event', time: 'acceptance' },
    contentTypes: ['json', 'form'],
    facts: [],
    bodySignature: null,
    standardWebhooks: 'always',
    repeatsWithoutEvent: false,
    defaultAuth: 'signature',
    timeoutMs: 15_000,
    retry: { ...schedule(STANDARD_SECONDS, 0.2, ASKS_FOR_PATIENCE), honoursRetryAfter: true },
    hasCircuit: true,
    autoDisable: FIFTY_IN_A_DAY,
    goneDisables: true,
    heedsReceiver: true,
  },
  stella: {
    envelope: { id: 'delivery', time: 'recent' },
    contentTypes: ['json', 'form'],
    facts: [
      ['x-stella-event', 'event'],
      ['x-stella-delivery', 'delivery'],
      ['x-stella-timestamp', 'time'],
    ],
    bodySignature: { header: 'x-stella-signature', prefix: '' },
    standardWebhooks: 'signed',
    repeatsWithoutEvent: false,
    defaultAuth: 'none',
    timeoutMs: 30_000,
    retry: { ...exponential(3, 10, [...SERVER_TROUBLE, '3xx']), honoursRetryAfter: true },
    hasCircuit: true,
    autoDisable: FIFTY_IN_A_DAY,
    goneDisables: false,
    heedsReceiver: false,
  },
  instanode: {
    ...FLAT,
    contentTypes: ['json'],
    bodySignature: { header: 'x-instanode-signature', prefix: 'sha256=' },
    retry: { ...schedule([10, 60], 0, SERVER_TROUBLE), honoursRetryAfter: false },
  },
  foreman: {
    ...FLAT,
    contentTypes: ['json'],
    bodySignature: { header: 'x-foreman-signature', prefix: 'sha256=' },
    retry: { ...exponential(5, 1, RETRY_ON), honoursRetryAfter: false },
  },
  forge: {
    ...FLAT,
    contentTypes: ['json', 'form'],
    facts: [
      ['x-forge-event', 'event'],
      ['x-forge-delivery', 'delivery'],
      ['x-forge-idempotency-key', 'idempotency_key'],
    ],
    bodySignature: { header: 'x-hub-signature-256', prefix: 'sha256=' },
    repeatsWithoutEvent: true,
    // Every webhook of seed 004 has a secret.
    defaultAuth: 'signature',
    retry: { ...schedule(STANDARD_SECONDS.slice(0, 7), 0.2, ASKS_FOR_PATIENCE), honoursRetryAfter: true },
    autoDisable: { threshold: 50, minSpanMs: 0, probes: false },
  },
};

const WEBHOOK_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

function withOwnHeaders(row: Omit<Profile, 'ownHeaders'>): Profile {
  const { facts, bodySignature, standardWebhooks } = row;
  const signatures = bodySignature === null ? [] : [bodySignature.header, nextHeader(bodySignature)];
  const webhook = standardWebhooks === 'never' ? [] : WEBHOOK_HEADERS;
  return { ...row, ownHeaders: [...facts.map(([name]) => name), ...signatures, ...webhook] };
}

/** The header that carries the signature of the new secret while a rotation lasts. */
export function nextHeader({ header }: BodySignature): string {
  return `${header}-next`;
}

/** The profile table. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  standard: withOwnHeaders(rows.standard),
  stella: withOwnHeaders(rows.stella),
  instanode: withOwnHeaders(rows.instanode),
  foreman: withOwnHeaders(rows.foreman),
  forge: withOwnHeaders(rows.forge),
};

/** A time nearer to now than this may stand in a `recent` envelope. */
const RECENT_MS = 4 * 60_000;

/**
 * The time an envelope carries for a try that falls due at `dueMs`, of a delivery made at `madeAtMs`. A try that is
 * late itself, because nothing could be sent for a while, carries the time it is sent at: any older one would be refused.
 */
export function envelopeTimeMs(
  { envelope }: Pick<Profile, 'envelope'>,
  times: { acceptedAtMs: number; madeAtMs: number; dueMs: number; nowMs: number },
): number {
  if (envelope?.time !== 'recent') return times.acceptedAtMs;
  const { madeAtMs, dueMs, nowMs } = times;
  return [madeAtMs, dueMs].find((ms) => Math.abs(nowMs - ms) < RECENT_MS) ?? nowMs;
}
