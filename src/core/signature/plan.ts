/** Reads a request by its scheme: what must be computed and compared, or why there is nothing to compare. */
import { fromCanonicalBase64, fromHex, wireBytes } from './encoding.ts';
import type { HeaderValues } from './headers.ts';
import { DIGEST_BYTES, type HashName, type Scheme } from './schemes.ts';
import { signatureKey, standardMessage } from './sign.ts';

/** One inbound request, as a scheme looks at it. */
export interface SignedRequest {
  headers: HeaderValues;
  /** The raw bytes as received: never decoded, never serialised again. */
  body: Uint8Array;
  /** True when the request came to the source's secret URL with its present key. */
  secretUrl: boolean;
}

/** Why a request proves nothing, for operators; a sender is never told. */
export type PlanRefusal =
  | 'empty_secret'
  | 'missing_header'
  | 'empty_header'
  | 'duplicate_header'
  | 'bad_prefix'
  | 'bad_encoding'
  | 'bad_length'
  | 'bad_id'
  | 'bad_timestamp'
  | 'outside_tolerance'
  | 'no_known_signature'
  | 'not_secret_url';

/** What to compare. Any key may match any of `provided`. */
export type Plan =
  | { kind: 'open' }
  | {
      kind: 'macs';
      hash: HashName;
      keys: readonly Uint8Array[];
      message: Uint8Array;
      provided: readonly Uint8Array[];
    }
  | { kind: 'tokens'; expected: readonly Uint8Array[]; provided: Uint8Array }
  | { kind: 'refused'; reason: PlanRefusal };

type Refused = Extract<Plan, { kind: 'refused' }>;
type HmacScheme = Extract<Scheme, { type: 'hmac' }>;
type StandardScheme = Extract<Scheme, { type: 'standard-webhooks' }>;

/** Digits only: signs, fractions and spaces are what lax parsers let through. */
const TIMESTAMP = /^[0-9]{1,12}$/;
/** Visible ASCII without `.`: with a dot in the id the border to the timestamp could be shifted. */
const MESSAGE_ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

/**
 * Plans the comparison for one request.
 * @param secrets the live secrets of the source, newest first; blank ones never verify
 * @param nowMs wall clock, for schemes with a timestamp
 */
export function plan(scheme: Scheme, request: SignedRequest, secrets: readonly string[], nowMs: number): Plan {
  switch (scheme.type) {
    case 'none':
      return { kind: 'open' };
    case 'url':
      return request.secretUrl ? { kind: 'open' } : refused('not_secret_url');
    case 'token':
      return planToken(scheme.header, request, secrets);
    case 'hmac':
      return planHmac(scheme, request, secrets);
    case 'standard-webhooks':
      return planStandard(scheme, request, secrets, nowMs);
  }
}

function planToken(header: string, request: SignedRequest, secrets: readonly string[]): Plan {
  const expected = usableKeys(secrets, 'plain');
  if (expected.length === 0) return refused('empty_secret');
  const value = single(request.headers, header);
  if (typeof value !== 'string') return value;
  const provided = wireBytes(value);
  return provided === null ? refused('bad_encoding') : { kind: 'tokens', expected, provided };
}

function planHmac(scheme: HmacScheme, request: SignedRequest, secrets: readonly string[]): Plan {
  const keys = usableKeys(secrets, 'plain');
  if (keys.length === 0) return refused('empty_secret');
  const value = single(request.headers, scheme.header);
  if (typeof value !== 'string') return value;
  if (!value.startsWith(scheme.prefix)) return refused('bad_prefix');
  const encoded = value.slice(scheme.prefix.length);
  const provided = scheme.encoding === 'hex' ? fromHex(encoded) : fromCanonicalBase64(encoded);
  if (provided === null) return refused('bad_encoding');
  if (provided.length !== DIGEST_BYTES[scheme.hash]) return refused('bad_length');
  return { kind: 'macs', hash: scheme.hash, keys, message: request.body, provided: [provided] };
}

function planStandard(scheme: StandardScheme, request: SignedRequest, secrets: readonly string[], nowMs: number): Plan {
  const keys = usableKeys(secrets, 'standard');
  if (keys.length === 0) return refused('empty_secret');
  const family = scheme.header.slice(0, -'signature'.length);
  const id = single(request.headers, `${family}id`);
  if (typeof id !== 'string') return id;
  const timestamp = single(request.headers, `${family}timestamp`);
  if (typeof timestamp !== 'string') return timestamp;
  const signatures = single(request.headers, scheme.header);
  if (typeof signatures !== 'string') return signatures;
  if (!MESSAGE_ID.test(id)) return refused('bad_id');
  if (!TIMESTAMP.test(timestamp)) return refused('bad_timestamp');
  const ageSeconds = Math.floor(nowMs / 1000) - Number(timestamp);
  if (Math.abs(ageSeconds) > scheme.toleranceSeconds) return refused('outside_tolerance');
  const provided = standardSignatures(signatures);
  if (provided.length === 0) return refused('no_known_signature');
  return { kind: 'macs', hash: 'sha256', keys, message: standardMessage(id, timestamp, request.body), provided };
}

/** The well-formed `v1` entries of a space-separated list; other versions and malformed entries are skipped. */
function standardSignatures(list: string): Uint8Array[] {
  const signatures: Uint8Array[] = [];
  for (const entry of list.split(' ')) {
    const bytes = entry.startsWith('v1,') ? fromCanonicalBase64(entry.slice(3)) : null;
    if (bytes?.length === DIGEST_BYTES.sha256) signatures.push(bytes);
  }
  return signatures;
}

/** The one value of a header; a repeated header could be read differently by whoever stands before us. */
function single(headers: HeaderValues, name: string): string | Refused {
  const values = headers(name);
  if (values.length > 1) return refused('duplicate_header');
  const value = values[0];
  if (value === undefined) return refused('missing_header');
  return value === '' ? refused('empty_header') : value;
}

function usableKeys(secrets: readonly string[], style: 'standard' | 'plain'): Uint8Array[] {
  const keys = secrets.filter((secret) => secret.trim() !== '').map((secret) => signatureKey(secret, style));
  return keys.filter((key) => key.length > 0);
}

function refused(reason: PlanRefusal): Refused {
  return { kind: 'refused', reason };
}
