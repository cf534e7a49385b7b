/**
 * Settings of a source that take what its sender does, for the remedies of the doctor. Only what the API takes is
 * proposed, only where the request proves its sender by it, and nothing of a request but its headers' names and the
 * usual words before a signature.
 */
import type { DiagnosedCase } from './diagnosed-case.ts';
import { fromCanonicalBase64, fromHex } from './encoding.ts';
import type { HeaderValues } from './headers.ts';
import { verify } from './judge.ts';
import { hashOfLength, isMac, isTimed, proofHeaders, type Scheme, type Signing } from './scheme.ts';
import {
  PRESET_NAMES,
  presetScheme,
  resolveScheme,
  type SchemeInput,
  schemeInput,
  TOLERANCE_SECONDS,
} from './schemes.ts';
import { WHSEC } from './sign.ts';

/** What senders write before a signature. */
const PREFIXES = ['hmac-sha256=', 'sha512=', 'sha256=', 'sha1=', 'v0=', 'v1=', 'v1,', ''] as const;

/** How the only signature in a header is written. */
type Written = Pick<Signing, 'hash' | 'encoding' | 'prefix'>;

/** The end of a remedy: the first of these settings that would do as well; nothing where none would. */
export function orSet(cures: readonly (SchemeInput | null)[], given: DiagnosedCase): string {
  for (const cure of cures) {
    const choice = cure && resolveScheme(cure);
    if (choice?.kind !== 'scheme' || !isProved(choice.scheme, given)) continue;
    // For a scheme of another type a secret is made anew, unless it is given.
    const secret = choice.scheme.type === given.type ? '' : ', with the same `secret` beside it';
    return `, or set \`scheme\` of the source to \`${JSON.stringify(cure)}\`${secret}`;
  }
  return '';
}

function isProved(scheme: Scheme, { request, secrets, mac, nowMs }: DiagnosedCase): boolean {
  return verify(scheme, request, secrets, mac, nowMs).ok;
}

/** A bare SHA-256 of the body, in hex: what a signature in place of a token is taken for at first. */
export function bodySigning(header: string): Signing {
  return {
    hash: 'sha256',
    encoding: 'hex',
    keyStyle: 'plain',
    header,
    prefix: '',
    separator: null,
    covers: 'body',
    idHeader: null,
    timestamp: null,
    toleranceSeconds: 0,
  };
}

/** The scheme with something changed; null where no settings say that. */
export function changedScheme(
  signing: Signing,
  change: Partial<Written & Pick<Signing, 'header' | 'covers'>>,
  secrets: readonly string[],
): SchemeInput | null {
  const { timestamp, keyStyle, idHeader, toleranceSeconds } = signing;
  // No setting says that the time stands in the list of signatures, nor that `whsec_` is to be decoded.
  if (timestamp !== null && 'entry' in timestamp) return null;
  if (keyStyle === 'standard' && secrets.some((secret) => secret.startsWith(WHSEC))) return null;
  const { hash, header, prefix, encoding, covers } = { ...signing, ...change };
  return settled({
    type: `hmac-${hash}`,
    header,
    prefix,
    encoding,
    covers,
    ...(isTimed(covers) ? { timestampHeader: timestamp?.header, toleranceSeconds } : {}),
    ...(covers === 'id.timestamp.body' ? { idHeader: idHeader ?? undefined } : {}),
  });
}

/** The scheme that reads a header with one signature as it is written there; null where it is not of a usual form. */
export function schemeAsWritten(
  signing: Signing,
  header: string,
  value: string,
  secrets: readonly string[],
): SchemeInput | null {
  const written = writtenAs(value);
  return written && changedScheme(signing, { header, ...written }, secrets);
}

/** The schemes whose headers are all there: those that read `named`, then others with a signature. */
export function schemesReading(headers: HeaderValues, named: string): SchemeInput[] {
  const readable = USUAL.filter((scheme) => proofHeaders(scheme).every((name) => headers(name).length > 0));
  const wanted = named.toLowerCase();
  const naming = readable.filter((scheme) => proofHeaders(scheme).some((name) => name.toLowerCase() === wanted));
  return [...new Set([...naming, ...readable.filter(isMac)])].map(schemeInput);
}

/** The presets that read a header, and the other family of Standard Webhooks. */
const USUAL: readonly Scheme[] = [
  ...PRESET_NAMES.map(presetScheme),
  { type: 'standard-webhooks', header: 'svix-signature', toleranceSeconds: TOLERANCE_SECONDS } as const,
].filter((scheme) => proofHeaders(scheme).length > 0);

function writtenAs(value: string): Written | null {
  const prefix = PREFIXES.find((start) => value.toLowerCase().startsWith(start)) ?? '';
  const text = value.slice(prefix.length);
  const hex = fromHex(text);
  const bytes = hex ?? fromCanonicalBase64(text);
  const hash = bytes === null ? undefined : hashOfLength(bytes.length);
  // Upper and lower case as the sender has it.
  return hash === undefined
    ? null
    : { hash, encoding: hex === null ? 'base64' : 'hex', prefix: value.slice(0, prefix.length) };
}

function settled(input: SchemeInput): SchemeInput | null {
  const choice = resolveScheme(input);
  return choice.kind === 'scheme' ? schemeInput(choice.scheme) : null;
}
