import type { Ports } from '../ports.ts';

/** The entropy of every secret made here. */
export const SECRET_BYTES = 32;

/** A fresh signing secret in the form Standard Webhooks receivers expect. */
export function freshSigningSecret(random: Ports['random']): string {
  return `whsec_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64')}`;
}
