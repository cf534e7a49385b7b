import { X509Certificate } from 'node:crypto';
import type { Authorities } from '../ports.ts';

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

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).raw.length > 0;
  } catch {
    return false;
  }
}
