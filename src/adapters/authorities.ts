import { X509Certificate } from 'node:crypto';
import type { Authorities } from '../ports.ts';

/** Within a line too, such as behind a word or a space. */
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Parses every certificate of a PEM text. What is not one, a private key above all, is refused. */
export const authorities: Authorities = {
  fault(pem) {
    const blocks = pem.match(BLOCK) ?? [];
    if (blocks.length === 0) return 'It holds no PEM certificate (-----BEGIN CERTIFICATE-----).';
    if (/-----/.test(pem.replace(BLOCK, ''))) return 'It holds something other than certificates; leave that out.';
    const bad = blocks.findIndex((block) => !isCertificate(block));
    return bad === -1 ? null : `Certificate ${bad + 1} of ${blocks.length} cannot be read.`;
  },
};

/**
 * Every certificate of a PEM text that has no fault, each written anew: OpenSSL takes only those that begin a line, and
 * passes over the others in silence.
 */
export function certificatesOf(pem: string): string[] {
  return (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block).toString());
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).raw.length > 0;
  } catch {
    return false;
  }
}
