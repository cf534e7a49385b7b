import { WHSEC } from '../core/signature/sign.ts';
import type { Ports } from '../ports.ts';

/** The entropy of every secret made here. */
export const SECRET_BYTES = 32;

/** A fresh signing secret in the form Standard Webhooks receivers expect. */
export function freshSigningSecret(random: Ports['random']): string {
  return WHSEC + Buffer.from(random.bytes(SECRET_BYTES)).toString('base64');
}
