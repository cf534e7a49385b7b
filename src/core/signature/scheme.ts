/** What a scheme is: how a proof is made and where it stands in a request. */

/** SHA-1 is offered only for senders that have nothing better. */
export type HashName = 'sha256' | 'sha1' | 'sha512';

/** HMAC (RFC 2104) of `message`. */
export type Hmac = (hash: HashName, key: Uint8Array, message: Uint8Array) => Uint8Array;

/** Digest of bytes, or of a text in UTF-8. */
export type Sha256 = (message: Uint8Array | string) => Uint8Array;

/** What judging needs from the world; the `Mac` port is one. */
export interface Authenticator {
  hmac: Hmac;
  /** Constant-time for equal lengths; false for different ones. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

/** How many bytes a MAC has. */
export const DIGEST_BYTES: Readonly<Record<HashName, number>> = { sha256: 32, sha1: 20, sha512: 64 };

/** The hash whose MACs have so many bytes; undefined where none has. */
export function hashOfLength(bytes: number): HashName | undefined {
  return (Object.keys(DIGEST_BYTES) as HashName[]).find((name) => DIGEST_BYTES[name] === bytes);
}

/** Where the time of sending stands: in a header of its own, or in the list of signatures behind these characters. */
export type TimestampPlace = { header: string } | { entry: string };

interface Timed {
  timestamp: TimestampPlace;
  /** How old, or how far ahead, the timestamp may be. */
  toleranceSeconds: number;
}

/** What is signed. The timestamp is signed as it is written. */
type Covered =
  | { covers: 'body' }
  /** The field `payload` of a form, decoded; any other body as it is. Gitea signs so. */
  | { covers: 'form-payload' }
  | ({ covers: 'timestamp.body' | 'v0:timestamp:body' } & Timed)
  | ({ covers: 'id.timestamp.body'; idHeader: string } & Timed);

export type Covers = Covered['covers'];

/** Whether the time of sending is signed. */
export function isTimed(covers: Covers): covers is Exclude<Covers, 'body' | 'form-payload'> {
  return covers !== 'body' && covers !== 'form-payload';
}

/** A keyed hash over the body, and over what else stands in `covers`. */
export type HmacScheme = {
  type: 'hmac';
  hash: HashName;
  encoding: 'hex' | 'base64';
  header: string;
  /** Stands before the encoded MAC, exact case; empty for none. */
  prefix: string;
  /** The header holds entries with commas between; those that begin with `prefix` are signatures, others are skipped. */
  list?: true;
} & Covered;

export interface StandardScheme {
  type: 'standard-webhooks';
  /** The header with the signatures; id and timestamp stand in its siblings `…-id` and `…-timestamp`. */
  header: string;
  toleranceSeconds: number;
}

/** A complete scheme, as kept with a source. */
export type Scheme =
  | HmacScheme
  | StandardScheme
  /** The whole value of one header is the secret. */
  | { type: 'token'; header: string }
  /** The secret is `user:password`, sent as RFC 7617 has it. */
  | { type: 'basic' }
  /** Knowing the secret URL is the proof. */
  | { type: 'url' }
  | { type: 'none' };

/** Whether what comes is signed, rather than sent with a secret or with nothing. */
export function isMac(scheme: Scheme): scheme is HmacScheme | StandardScheme {
  return scheme.type === 'hmac' || scheme.type === 'standard-webhooks';
}

/** The header of RFC 9110 §11.6.2, which `basic` always reads. */
export const BASIC_HEADER = 'Authorization';

/** The headers that a signature covers beside the body, its id and its time: nobody proves anything by them alone. */
export function coveredHeaders(scheme: Scheme): readonly string[] {
  return isMac(scheme) ? proofHeaders(scheme).filter((name) => name !== scheme.header) : [];
}

/** The headers that hold the proof of a scheme: what has to be kept for judging a request again. */
export function proofHeaders(scheme: Scheme): readonly string[] {
  switch (scheme.type) {
    case 'hmac':
    case 'standard-webhooks': {
      const { header, idHeader, timestamp } = signingOf(scheme);
      const timestampHeader = timestamp !== null && 'header' in timestamp ? [timestamp.header] : [];
      return [...(idHeader === null ? [] : [idHeader]), ...timestampHeader, header];
    }
    case 'token':
      return [scheme.header];
    case 'basic':
      return [BASIC_HEADER];
    case 'url':
    case 'none':
      return [];
  }
}

/** The header with the id that a signature covers; null where none is signed. */
export function signedIdHeader(scheme: Scheme): string | null {
  return isMac(scheme) ? signingOf(scheme).idHeader : null;
}

/** Every scheme with a MAC in the same terms, so that one reader of requests serves all. */
export interface Signing {
  hash: HashName;
  encoding: 'hex' | 'base64';
  /** Whether `whsec_` and base64 stand for the bytes of the key; see `signatureKey`. */
  keyStyle: 'plain' | 'standard';
  header: string;
  prefix: string;
  /** What stands between the entries of the header; null = its whole value is one signature. */
  separator: ',' | ' ' | null;
  covers: Covers;
  idHeader: string | null;
  timestamp: TimestampPlace | null;
  toleranceSeconds: number;
}

/** The terms of a scheme with a MAC. */
export function signingOf(scheme: HmacScheme | StandardScheme): Signing {
  if (scheme.type === 'standard-webhooks') return standardSigning(scheme);
  const { hash, encoding, header, prefix, covers } = scheme;
  return {
    hash,
    encoding,
    keyStyle: 'plain',
    header,
    prefix,
    separator: scheme.list ? ',' : null,
    covers,
    idHeader: 'idHeader' in scheme ? scheme.idHeader : null,
    timestamp: 'timestamp' in scheme ? scheme.timestamp : null,
    toleranceSeconds: 'toleranceSeconds' in scheme ? scheme.toleranceSeconds : 0,
  };
}

function standardSigning({ header, toleranceSeconds }: StandardScheme): Signing {
  const family = header.slice(0, -'signature'.length);
  return {
    hash: 'sha256',
    encoding: 'base64',
    keyStyle: 'standard',
    header,
    prefix: 'v1,',
    separator: ' ',
    covers: 'id.timestamp.body',
    idHeader: `${family}id`,
    timestamp: { header: `${family}timestamp` },
    toleranceSeconds,
  };
}
