/** Reads a request by its scheme: what must be computed and compared, or why there is nothing to compare. */
import { fromCanonicalBase64, fromHex, joined, wireBytes } from './encoding.ts';
import { formPayload, isFormType } from './form-payload.ts';
import type { HeaderValues } from './headers.ts';
import { BASIC_HEADER, DIGEST_BYTES, type HashName, type Scheme, type Signing, signingOf } from './scheme.ts';
import { signatureKey, standardMessage } from './sign.ts';

/** One inbound request, as a scheme looks at it. */
export interface SignedRequest {
  headers: HeaderValues;
  /** The raw bytes as received: never decoded, never serialised again. */
  body: Uint8Array;
  /** True when the request came to the source's secret URL, with its present key or an old one whose time is not over. */
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
  | 'bad_form'
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
  /** `header`: which one, where it is about one. */
  | { kind: 'refused'; reason: PlanRefusal; header?: string };

export type Refused = Extract<Plan, { kind: 'refused' }>;

/** The values of the headers that a scheme with a MAC reads, each there once and not empty. */
export interface Proof {
  signatures: string;
  /** Empty where nothing of the kind is signed. */
  id: string;
  timestamp: string;
}

/** Digits only: signs, fractions and spaces are what lax parsers let through. */
const TIMESTAMP = /^[0-9]{1,12}$/;
/** Visible ASCII without `.`: with a dot in the id the border to the timestamp could be shifted. */
const MESSAGE_ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
/** RFC 9110 §11.1: the name of an authentication scheme has no case. */
const BASIC = /^basic /i;

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
    case 'basic':
      return planBasic(request, secrets);
    case 'hmac':
    case 'standard-webhooks':
      return planMacs(signingOf(scheme), request, secrets, nowMs);
  }
}

function planToken(header: string, request: SignedRequest, secrets: readonly string[]): Plan {
  const expected = usableKeys(secrets, 'plain');
  if (expected.length === 0) return refused('empty_secret');
  const value = single(request.headers, header);
  if (typeof value !== 'string') return value;
  const provided = wireBytes(value);
  return provided === null ? refused('bad_encoding', header) : { kind: 'tokens', expected, provided };
}

/** RFC 7617: user and password together are compared, so that the time taken does not tell which was wrong. */
function planBasic(request: SignedRequest, secrets: readonly string[]): Plan {
  const expected = usableKeys(secrets.filter(isCredentials), 'plain');
  if (expected.length === 0) return refused('empty_secret');
  const value = single(request.headers, BASIC_HEADER);
  if (typeof value !== 'string') return value;
  if (!BASIC.test(value)) return refused('bad_prefix', BASIC_HEADER);
  const provided = fromCanonicalBase64(value.slice('basic '.length));
  return provided === null ? refused('bad_encoding', BASIC_HEADER) : { kind: 'tokens', expected, provided };
}

/** `user:password`, the password not empty; the user may be (some senders have no name to give). */
export function isCredentials(secret: string): boolean {
  return /^[^:]*:./s.test(secret);
}

function planMacs(signing: Signing, request: SignedRequest, secrets: readonly string[], nowMs: number): Plan {
  const keys = usableKeys(secrets, signing.keyStyle);
  if (keys.length === 0) return refused('empty_secret');
  const proof = readProof(signing, request.headers);
  if ('kind' in proof) return proof;
  const fault = proofFault(signing, proof, nowMs);
  if (fault !== null) return fault;
  const provided = providedMacs(signing, proof);
  if ('kind' in provided) return provided;
  const message = signedMessage(signing, proof, request);
  return message === null ? refused('bad_form') : { kind: 'macs', hash: signing.hash, keys, message, provided };
}

/** What the headers of a MAC say, or what is wrong with one of them; id first, then timestamp. */
export function readProof({ header, idHeader, timestamp, separator }: Signing, headers: HeaderValues): Proof | Refused {
  const id = idHeader === null ? '' : single(headers, idHeader);
  if (typeof id !== 'string') return id;
  const own = timestamp !== null && 'header' in timestamp ? single(headers, timestamp.header) : '';
  if (typeof own !== 'string') return own;
  const signatures = single(headers, header);
  if (typeof signatures !== 'string') return signatures;
  if (timestamp === null || 'header' in timestamp) return { id, timestamp: own, signatures };
  const listed = entriesBehind(timestamp.entry, signatures, separator);
  const [only] = listed;
  return only === undefined || listed.length > 1
    ? refused('bad_timestamp', header)
    : { id, timestamp: only, signatures };
}

/** What is wrong with id or timestamp; null when nothing is. */
export function proofFault(signing: Signing, { id, timestamp }: Proof, nowMs: number): Refused | null {
  if (signing.idHeader !== null && !MESSAGE_ID.test(id)) return refused('bad_id', signing.idHeader);
  if (signing.timestamp === null) return null;
  const header = 'header' in signing.timestamp ? signing.timestamp.header : signing.header;
  if (!TIMESTAMP.test(timestamp)) return refused('bad_timestamp', header);
  const aside = Math.abs(ageSeconds(timestamp, nowMs));
  return aside > signing.toleranceSeconds ? refused('outside_tolerance', header) : null;
}

/** How long ago a timestamp in unix seconds was; negative = it is ahead. */
export function ageSeconds(timestamp: string, nowMs: number): number {
  return Math.floor(nowMs / 1000) - Number(timestamp);
}

/** The MACs in the header of the signatures, or why there is none. */
export function providedMacs(signing: Signing, proof: Proof): Uint8Array[] | Refused {
  return signing.separator === null ? oneSignature(signing, proof) : listedSignatures(signing, proof);
}

function oneSignature({ header, prefix, encoding, hash }: Signing, { signatures }: Proof): Uint8Array[] | Refused {
  if (!signatures.startsWith(prefix)) return refused('bad_prefix', header);
  const bytes = decodedMac(signatures.slice(prefix.length), encoding);
  if (bytes === null) return refused('bad_encoding', header);
  return bytes.length === DIGEST_BYTES[hash] ? [bytes] : refused('bad_length', header);
}

/** The well-formed entries of the version we know; other versions and malformed entries are skipped. */
function listedSignatures(signing: Signing, { signatures }: Proof): Uint8Array[] | Refused {
  const { header, prefix, separator, encoding, hash } = signing;
  const macs = entriesBehind(prefix, signatures, separator).map((text) => decodedMac(text, encoding));
  const known = macs.filter((bytes) => bytes !== null).filter(({ length }) => length === DIGEST_BYTES[hash]);
  return known.length === 0 ? refused('no_known_signature', header) : known;
}

function entriesBehind(prefix: string, list: string, separator: Signing['separator']): string[] {
  const entries = list.split(separator ?? ',').filter((entry) => entry.startsWith(prefix));
  return entries.map((entry) => entry.slice(prefix.length));
}

function decodedMac(text: string, encoding: Signing['encoding']): Uint8Array | null {
  return encoding === 'hex' ? fromHex(text) : fromCanonicalBase64(text);
}

/** The bytes that are signed; null when they should stand in a form that has no `payload`, or more beside it. */
export function signedMessage(
  { covers }: Pick<Signing, 'covers'>,
  { id, timestamp }: Pick<Proof, 'id' | 'timestamp'>,
  { headers, body }: Pick<SignedRequest, 'headers' | 'body'>,
): Uint8Array | null {
  switch (covers) {
    case 'body':
      return body;
    case 'form-payload':
      return isForm(headers) ? formPayload(body) : body;
    case 'timestamp.body':
      return joined(`${timestamp}.`, body);
    case 'v0:timestamp:body':
      return joined(`v0:${timestamp}:`, body);
    case 'id.timestamp.body':
      return standardMessage(id, timestamp, body);
  }
}

/** Whether the body says that it is a form. */
export function isForm(headers: HeaderValues): boolean {
  return headers('content-type').some(isFormType);
}

/** The one value of a header; a repeated header could be read differently by whoever stands before us. */
export function single(headers: HeaderValues, name: string): string | Refused {
  const values = headers(name);
  if (values.length > 1) return refused('duplicate_header', name);
  const value = values[0];
  if (value === undefined) return refused('missing_header', name);
  return value === '' ? refused('empty_header', name) : value;
}

/** The keys of the secrets that are not blank. */
export function usableKeys(secrets: readonly string[], style: Signing['keyStyle']): Uint8Array[] {
  const keys = secrets.filter((secret) => secret.trim() !== '').map((secret) => signatureKey(secret, style));
  return keys.filter((key) => key.length > 0);
}

function refused(reason: PlanRefusal, header?: string): Refused {
  return header === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, header };
}
