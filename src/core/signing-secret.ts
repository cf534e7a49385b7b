/** What may be the signing secret of a subscription. */
import { REDACTED, REDACTED_WORDS } from './header.ts';
import type { ProfileName } from './profile.ts';
import { fromBase64 } from './signature/encoding.ts';
import { signatureKey, WHSEC } from './signature/sign.ts';

export const UNLOADABLE_WORDS =
  'After whsec_ comes the key in base64, or no library of Standard Webhooks loads it; a secret without whsec_ is taken as it is.';

/** Whether receivers can load a secret of theirs: one that begins `whsec_` goes on with base64. */
export function isLoadable(secret: string): boolean {
  return !secret.startsWith(WHSEC) || fromBase64(secret.slice(WHSEC.length)) !== null;
}

/** Why a secret cannot sign for a profile; null when it can. `standard` has no other signature to fall back on. */
export function signingSecretFault(secret: string, profile: ProfileName): string | null {
  if (secret === REDACTED) return REDACTED_WORDS;
  if (signatureKey(secret, 'standard').length === 0) return 'An empty key signs nothing.';
  return profile === 'standard' && !isLoadable(secret) ? UNLOADABLE_WORDS : null;
}
