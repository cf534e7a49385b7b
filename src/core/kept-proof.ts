/** What a rejected request tried to prove itself with: kept under seal, so that it can be judged once more. */
import { REDACTED } from './header.ts';
import type { Receipt } from './receipt.ts';
import { type HeaderValues, headerValues } from './signature/headers.ts';
import type { SignedRequest } from './signature/plan.ts';
import { proofHeaders, type Scheme } from './signature/schemes.ts';
import { isUsualHeader } from './signature/usual-headers.ts';

export interface KeptProof {
  /** Name and value as they came, repeated ones kept. */
  headers: readonly (readonly [string, string])[];
  /** Whether it came to the secret URL. */
  secretUrl: boolean;
}

/** More than any sender proves itself with; what is larger is not kept. */
const MAX_CHARS = 16 * 1024;
/** A signature under another name than the scheme's is often the whole mistake. */
const SIGNATURE = /signature/;

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/**
 * What is kept of a request that proved nothing under `scheme`: what that reads, and what another one may read that the
 * source is given because of this request. Where all of it is too large the first alone; null when that is too large.
 */
export function keptProof(scheme: Scheme, headers: KeptProof['headers'], secretUrl: boolean): KeptProof | null {
  const read = new Set(proofHeaders(scheme).map((name) => name.toLowerCase()));
  const own = headers.filter(([name]) => read.has(name.toLowerCase()));
  const all = headers.filter(([name]) => read.has(name.toLowerCase()) || isProof(name));
  const kept = [all, own].find((some) => charsOf(some) <= MAX_CHARS);
  return kept === undefined ? null : { headers: kept, secretUrl };
}

function isProof(name: string): boolean {
  return isUsualHeader(name) || SIGNATURE.test(name.toLowerCase());
}

function charsOf(headers: KeptProof['headers']): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

/** As it is sealed. */
export function keptProofBytes(proof: KeptProof): Uint8Array {
  return utf8.encode(JSON.stringify(proof));
}

/** From the bytes that were sealed. */
export function readKeptProof(bytes: Uint8Array): KeptProof {
  return JSON.parse(fromUtf8.decode(bytes)) as KeptProof;
}

/**
 * The request as a scheme looks at it; null when a header that it reads was not kept, because the source had another
 * scheme when the request came.
 */
export function provedRequest(
  { headers, secretUrl }: KeptProof,
  receipt: Pick<Receipt, 'headers' | 'body'>,
  scheme: Scheme,
): SignedRequest | null {
  const values = withOthers(headerValues(headers.flat()), receipt.headers);
  if (proofHeaders(scheme).some((name) => values(name).includes(REDACTED))) return null;
  return { headers: values, body: receipt.body, secretUrl };
}

/** Of the other headers a receipt has one value, or at least that they were there. */
function withOthers(kept: HeaderValues, others: Receipt['headers']): HeaderValues {
  return (name) => {
    const values = kept(name);
    const other = Object.hasOwn(others, name.toLowerCase()) ? others[name.toLowerCase()] : undefined;
    return values.length > 0 || other === undefined ? values : [other];
  };
}
