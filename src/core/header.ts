/** HTTP header rules: what may be set, what may be shown (RFC 9110 §5). */
import { pointerOf } from './pointer.ts';
import type { FieldError } from './problem.ts';
import { profiles } from './profile.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** Visible ASCII, spaces and tabs inside; no control character, so neither CR nor LF. */
const VALUE = /^$|^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;
const MAX_VALUE_CHARS = 4096;
export const MAX_HEADERS = 64;
/** Names and values together: many receivers take no more than 8 or 16 KiB of headers, ours included. */
export const MAX_HEADERS_CHARS = 8192;
/** The member that JavaScript takes for an object's prototype: a header of this name would be lost on the way. */
export const LOST_NAME = '__proto__';
export const LOST_NAME_WORDS = `${LOST_NAME} cannot be a name here; choose another.`;

/** Headers that frame the message, say how it is coded or belong to the connection; never a user's. */
const FRAMING = [
  'host',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'keep-alive',
  'accept-encoding',
] as const;

/** True for a lower-case name that says how a message is framed or coded, or belongs to the connection. */
export function isFramingHeader(lower: string): boolean {
  return (FRAMING as readonly string[]).includes(lower);
}

/** Beginnings of names that every delivery sets itself, or that belong to a proxy. */
const OURS = ['proxy-', 'hookyard-', 'traceparent'] as const;

/** True for a valid field name. */
export function isHeaderName(name: string): boolean {
  return TOKEN.test(name);
}

/** True for a value that can be sent as it is. */
export function isHeaderValue(value: string): boolean {
  return value.length <= MAX_VALUE_CHARS && VALUE.test(value);
}

/**
 * What is wrong with custom headers, each with its pointer below `base`.
 * @param owned lower-case names that are set anyway
 * @param owner who sets them, in words
 */
export function headerErrors(
  headers: Readonly<Record<string, string>>,
  owned: readonly string[],
  base: string,
  owner = 'the profile or authentication of this subscription',
): FieldError[] {
  const names = Object.keys(headers);
  const excess = excessOf(headers);
  if (excess !== null) return [{ pointer: base, message: excess }];
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const fault = headerFault(name, headers[name] ?? '', seen);
    const isOwned = owned.includes(name.toLowerCase());
    const message = fault ?? (isOwned ? `The header ${name} belongs to ${owner}.` : null);
    seen.add(name.toLowerCase());
    return message === null ? [] : [{ pointer: base + pointerOf([name]), message }];
  });
}

function excessOf(headers: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) return `At most ${MAX_HEADERS} headers.`;
  const size = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return size > MAX_HEADERS_CHARS ? `At most ${MAX_HEADERS_CHARS} characters, names and values together.` : null;
}

function headerFault(name: string, value: string, seen: ReadonlySet<string>): string | null {
  const lower = name.toLowerCase();
  if (name === LOST_NAME) return LOST_NAME_WORDS;
  if (!isHeaderName(name)) return "Not a header name: letters, digits and -_.!#$%&'*+^`|~ only.";
  if (!isHeaderValue(value))
    return `Not a header value: printable ASCII up to ${MAX_VALUE_CHARS} characters, no line breaks.`;
  if (value === REDACTED) return REDACTED_WORDS;
  if (seen.has(lower)) return 'This header is set twice (names are case-insensitive).';
  if (isReserved(lower)) return `The header ${name} is for Hookyard to set, or to leave out, and cannot be changed.`;
  return null;
}

function isReserved(lower: string): boolean {
  return isFramingHeader(lower) || OURS.some((prefix) => lower.startsWith(prefix));
}

/** In which senders say what happened and under which id; without them a stored request could not be read again. */
export const SENDERS_OWN = [
  'aeg-data-version',
  'aeg-delivery-count',
  'aeg-event-type',
  'aeg-metadata-version',
  'aeg-subscription-name',
  'ce-dataschema',
  'ce-id',
  'ce-source',
  'ce-specversion',
  'ce-subject',
  'ce-time',
  'ce-type',
  'circleci-event-type',
  'webhook-request-origin',
  'webhook-request-rate',
  'x-attempt-number',
  'x-buildkite-event',
  'x-event-key',
  'x-forgejo-delivery',
  'x-forgejo-event',
  'x-forgejo-event-type',
  'x-gitea-delivery',
  'x-gitea-event',
  'x-gitea-event-type',
  'x-github-delivery',
  'x-github-event',
  'x-github-hook-id',
  'x-github-hook-installation-target-id',
  'x-github-hook-installation-target-type',
  'x-gitlab-event',
  'x-gitlab-event-uuid',
  'x-gitlab-instance',
  'x-gitlab-webhook-uuid',
  'x-gogs-delivery',
  'x-gogs-event',
  'x-goog-pubsub-message-id',
  'x-goog-pubsub-publish-time',
  'x-goog-pubsub-subscription-name',
  'x-hook-uuid',
  'x-nexus-webhook-delivery',
  'x-nexus-webhook-id',
  'x-request-uuid',
] as const;

/** Headers whose values may be stored and shown; every other value is a credential until proven otherwise. */
const SHOWN = new Set([
  'accept',
  'accept-encoding',
  'age',
  'allow',
  'cache-control',
  'cf-ray',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'idempotency-key',
  'keep-alive',
  'location',
  'retry-after',
  'server',
  'traceparent',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'webhook-delivery',
  'www-authenticate',
  'x-request-id',
  ...SENDERS_OWN,
  // Ids, times, and signatures that only the secret makes.
  ...Object.values(profiles).flatMap(({ ownHeaders }) => ownHeaders),
]);
/** Only families whose names nobody can choose for a credential of their own. */
const SHOWN_PREFIXES = ['hookyard-', 'ratelimit-', 'x-ratelimit-'];

/** What is shown in place of a credential. */
export const REDACTED = '[redacted]';
export const REDACTED_WORDS = `${REDACTED} stands for a value that is not shown; write the value itself.`;

/**
 * The headers with every value that is not known to be harmless replaced.
 * @param credentials names that hold a credential here, whatever they are elsewhere; in any case
 */
export function redactHeaders(
  headers: Readonly<Record<string, string>>,
  credentials: readonly string[] = [],
): Record<string, string> {
  const hidden = credentials.map((name) => name.toLowerCase());
  const redacted: Record<string, string> = {};
  for (const name in headers) {
    const lower = name.toLowerCase();
    redacted[name] = isShownHeader(lower) && !hidden.includes(lower) ? (headers[name] ?? '') : REDACTED;
  }
  return redacted;
}

/** True for a lower-case name whose value may be stored and shown. */
export function isShownHeader(lower: string): boolean {
  return SHOWN.has(lower) || SHOWN_PREFIXES.some((prefix) => lower.startsWith(prefix));
}
