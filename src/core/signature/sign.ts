/** Signing what goes out. Verifying what came in is `judge.ts`. */
import { fromBase64, joined, toBase64, toHex, utf8 } from './encoding.ts';
import type { Hmac } from './scheme.ts';

/** What a secret of Standard Webhooks begins with. */
export const WHSEC = 'whsec_';

/**
 * The key bytes of a secret.
 *
 * `plain`: its UTF-8 bytes as given, also when it begins `whsec_`. `standard` (Standard Webhooks): what follows
 * `whsec_` is base64 of the key, padded or not; a secret without that prefix is used as its UTF-8 bytes. A secret that
 * begins `whsec_` but goes on with something that is not base64 is also used as its bytes, whole: verifiers refuse to
 * load such a secret, so no other meaning could be right, and signing must not fail on a saved secret.
 *
 * `whsec_` with nothing behind it gives an empty key, which `verify` never accepts.
 */
export function signatureKey(secret: string, style: 'standard' | 'plain'): Uint8Array {
  if (style === 'plain' || !secret.startsWith(WHSEC)) return utf8(secret);
  return fromBase64(secret.slice(WHSEC.length)) ?? utf8(secret);
}

/** The bytes a Standard Webhooks signature covers: `id.timestamp.body`. */
export function standardMessage(id: string, timestampSeconds: string | number, body: Uint8Array): Uint8Array {
  return joined(`${id}.${timestampSeconds}.`, body);
}

/** The value of `webhook-signature` for one key: `v1,` and base64 of the HMAC-SHA256. */
export function standardSignature(
  key: Uint8Array,
  id: string,
  timestampSeconds: number,
  body: Uint8Array,
  hmac: Hmac,
): string {
  return `v1,${toBase64(hmac('sha256', key, standardMessage(id, timestampSeconds, body)))}`;
}

/** Lower-case hex HMAC-SHA256 of the body behind `prefix`, e.g. `sha256=`. */
export function hexSignature(key: Uint8Array, body: Uint8Array, hmac: Hmac, prefix = ''): string {
  return `${prefix}${toHex(hmac('sha256', key, body))}`;
}
