/**
 * The question that senders of CloudEvents ask before they send (HTTP Webhooks for CloudEvents 1.0.2 §4): an OPTIONS
 * request that names them, answered with whom we take messages from and how many a minute.
 */
import type { Scheme } from './signature/schemes.ts';
import type { SourceType } from './source.ts';
import type { RateLimit } from './subscription.ts';

/** What a sender is told that may send. */
export interface Permission {
  /** Who asked, as it named itself. */
  origin: string;
  /** Messages a minute; null = as many as it likes. */
  perMinute: number | null;
}

const ASKING_TYPES: ReadonlySet<SourceType> = new Set<SourceType>([
  'cloudevents',
  'cdevents',
  'acr-eventgrid',
  'zot',
  'harbor',
]);

/** Proofs that do not need a body: the question has none. */
const BODILESS: ReadonlySet<Scheme['type']> = new Set<Scheme['type']>(['url', 'token', 'basic']);

/** A host name, perhaps with a port; it goes back in a header. */
const ORIGIN = /^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/;

/** Whether senders of this type, proved in this way, may ask. */
export function mayAsk(type: SourceType, scheme: Scheme): boolean {
  return ASKING_TYPES.has(type) && BODILESS.has(scheme.type);
}

/**
 * What to tell who asks; null when the request does not say who it is.
 * @param headers names in lower case
 */
export function permission(headers: Readonly<Record<string, string>>, rateLimit: RateLimit | null): Permission | null {
  const origin = Object.hasOwn(headers, 'webhook-request-origin') ? (headers['webhook-request-origin'] ?? '') : '';
  if (!ORIGIN.test(origin)) return null;
  const perMinute = rateLimit === null ? null : Math.max(1, Math.floor((rateLimit.count * 60) / rateLimit.seconds));
  return { origin, perMinute };
}
