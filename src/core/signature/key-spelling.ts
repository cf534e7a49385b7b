/** The keys that a sender may use by mistake for a secret. Only for diagnosing. */
import { fromBase64, fromHex, utf8 } from './encoding.ts';
import type { MistakeCode } from './mistake.ts';
import type { Signing } from './scheme.ts';
import { signatureKey, WHSEC } from './sign.ts';

export interface SpelledKey {
  code: MistakeCode;
  key: Uint8Array;
}

/** Keys other than the right one, the likelier mistakes first. None is empty. */
export function spelledKeys(secret: string, style: Signing['keyStyle']): SpelledKey[] {
  const spaced = [secret.trim(), `${secret}\n`, `${secret}\r\n`, `${secret} `].filter((text) => text !== secret);
  const keys = [
    ...spaced.map((text) => spelled('secret_whitespace', signatureKey(text, style))),
    ...whsecKeys(secret, style),
    spelled('secret_hex', fromHex(secret)),
    spelled('secret_base64', fromBase64(secret.replaceAll('-', '+').replaceAll('_', '/'))),
  ];
  return keys.filter((found) => found !== null).filter(({ key }) => key.length > 0);
}

function whsecKeys(secret: string, style: Signing['keyStyle']): (SpelledKey | null)[] {
  if (!secret.startsWith(WHSEC)) return [];
  const rest = secret.slice(WHSEC.length);
  return style === 'standard'
    ? [spelled('secret_not_decoded', utf8(secret)), spelled('secret_not_decoded', utf8(rest))]
    : [spelled('secret_decoded', fromBase64(rest)), spelled('secret_decoded', utf8(rest))];
}

function spelled(code: MistakeCode, key: Uint8Array | null): SpelledKey | null {
  return key === null ? null : { code, key };
}
