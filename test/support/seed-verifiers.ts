/** What the receivers of the seeds do with a signature, typed again in this language and otherwise as they have it. */
import { createHmac, timingSafeEqual } from 'node:crypto';

type Verify = (body: Uint8Array, signature: string, secret: string) => boolean;

function hex(body: Uint8Array, secret: string): string {
  return createHmac('sha256', Buffer.from(secret, 'utf8')).update(body).digest('hex');
}

function compared(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Seed 001: `hmac.compare_digest(signature, expected)` over the bare hex. */
export const verifyStella: Verify = (body, signature, secret) => compared(signature, hex(body, secret));

/** Seed 002's `VerifySignature`: compares the text of the hex, so that only lower case passes. */
export const verifyForeman: Verify = (body, signature, secret) => {
  if (signature.length < 8 || signature.slice(0, 7) !== 'sha256=') return false;
  return compared(hex(body, secret), signature.slice(7));
};

/** Seed 000: `sha256=<hex(hmac(secret, body))>`. */
export const verifyInstanode: Verify = (body, signature, secret) => compared(signature, `sha256=${hex(body, secret)}`);
