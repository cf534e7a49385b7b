import { createHmac, hash as digest, timingSafeEqual } from 'node:crypto';
import type { Mac } from '../ports.ts';

/** The `Mac` port on the runtime's own OpenSSL. */
export function createMac(): Mac {
  return {
    hmac: (hash, key, message) => createHmac(hash, key).update(message).digest(),
    sha256: (message) => digest('sha256', message, 'buffer'),
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  };
}
