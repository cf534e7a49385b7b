import { wireText } from './encoding.ts';
import { verify } from './judge.ts';
import type { Authenticator } from './scheme.ts';
import { presetScheme } from './schemes.ts';

/** Seed 001's `WebhookAuth`: for programs that verify by themselves what they were sent. Neither ever throws. */
export interface WebhookAuth {
  /**
   * Whether `signature` is the hex HMAC of the raw `payload`, in either case, bare or behind `sha256=` (`sha1=`).
   * An empty secret never verifies.
   */
  validateSignature(
    payload: Uint8Array,
    signature: string,
    secret: string,
    algorithm: 'hmac-sha256' | 'hmac-sha1',
  ): boolean;
  /** Whether both are the same and not blank. `token` is a text, or a header's value as Node has it. */
  validateToken(token: string, expectedToken: string): boolean;
}

/** Binds the interface to the MACs of a runtime. */
export function createWebhookAuth(mac: Authenticator): WebhookAuth {
  const proves = (type: 'hmac-sha256' | 'hmac-sha1' | 'token', value: string, secret: string, body: Uint8Array) =>
    verify(presetScheme(type), { headers: () => [value], body, secretUrl: false }, [secret], mac, 0).ok;
  return {
    validateSignature: (payload, signature, secret, algorithm) => {
      const prefix = algorithm === 'hmac-sha256' ? 'sha256=' : 'sha1=';
      return proves(algorithm, signature.startsWith(prefix) ? signature : prefix + signature, secret, payload);
    },
    validateToken: (token, expectedToken) =>
      [token, wireText(token)].some((value) => proves('token', value, expectedToken, new Uint8Array(0))),
  };
}
