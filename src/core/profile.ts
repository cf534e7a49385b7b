/**
 * Wire dialects, one row each: what a delivery looks like and which policy it has unless the subscription says
 * otherwise. The rows follow the design's profile table; `forge`, `instanode` and `foreman` join with their faces.
 */
import type { RetryOn, RetryPolicy } from './retry.ts';

export type ProfileName = 'standard' | 'stella';

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

export interface Profile {
  /** Which id the envelope carries. */
  envelopeId: 'event' | 'delivery';
  /**
   * `acceptance`: when the event was accepted. `recent`: when the delivery was made while that is under four minutes
   * ago, else the try's due time, else now, because receivers of seed 001 refuse a timestamp older than five.
   */
  envelopeTime: 'acceptance' | 'recent';
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

const WEBHOOK_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
const STELLA_HEADERS = [
  'x-stella-event',
  'x-stella-delivery',
  'x-stella-timestamp',
  'x-stella-signature',
  'x-stella-signature-next',
] as const;
const SERVER_TROUBLE: readonly RetryOn[] = ['network', '5xx'];

const FIFTY_IN_A_DAY: AutoDisable = { threshold: 50, minSpanMs: 86_400_000, probes: true };

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  standard: {
    envelopeId: 'event',
    envelopeTime: 'acceptance',
    ownHeaders: WEBHOOK_HEADERS,
    defaultAuth: 'signature',
    timeoutMs: 15_000,
    retry: {
      maxRetries: 9,
      backoffType: 'schedule',
      backoffSeconds: 5,
      // 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
      scheduleSeconds: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
      jitter: 0.2,
      retryOn: [...SERVER_TROUBLE, '408', '425', '429'],
      honoursRetryAfter: true,
    },
    hasCircuit: true,
    autoDisable: FIFTY_IN_A_DAY,
    goneDisables: true,
    heedsReceiver: true,
  },
  stella: {
    envelopeId: 'delivery',
    envelopeTime: 'recent',
    ownHeaders: [...STELLA_HEADERS, ...WEBHOOK_HEADERS],
    defaultAuth: 'none',
    timeoutMs: 30_000,
    retry: {
      maxRetries: 3,
      backoffType: 'exponential',
      backoffSeconds: 10,
      scheduleSeconds: [],
      jitter: 0,
      retryOn: [...SERVER_TROUBLE, '3xx'],
      honoursRetryAfter: true,
    },
    hasCircuit: true,
    autoDisable: FIFTY_IN_A_DAY,
    goneDisables: false,
    heedsReceiver: false,
  },
};

/** A time nearer to now than this may stand in a `recent` envelope. */
export const RECENT_MS = 4 * 60_000;

/**
 * The time an envelope carries for a try that falls due at `dueMs`, of a delivery made at `madeAtMs`. A try that is
 * late itself, because nothing could be sent for a while, carries the time it is sent at: any older one would be refused.
 */
export function envelopeTimeMs(
  profile: Profile,
  times: { acceptedAtMs: number; madeAtMs: number; dueMs: number; nowMs: number },
): number {
  if (profile.envelopeTime === 'acceptance') return times.acceptedAtMs;
  const { madeAtMs, dueMs, nowMs } = times;
  return [madeAtMs, dueMs].find((ms) => Math.abs(nowMs - ms) < RECENT_MS) ?? nowMs;
}
