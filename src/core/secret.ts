/**
 * The layout of a sealed value: version, suite, key id, nonce, ciphertext, tag. What a value belongs to is bound to
 * it as associated data, so a value moved to another row, column or tenant does not open. The cipher itself is in
 * `adapters/keyring.ts`.
 */

/** A suite's number in the header is its place here; new ones go to the end. */
export const SUITES = ['aes-256-gcm', 'chacha20-poly1305'] as const;

export type Suite = (typeof SUITES)[number];

export const DEFAULT_SUITE: Suite = 'aes-256-gcm';

const VERSION = 1;
export const KEY_ID_BYTES = 8;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
const HEADER_BYTES = 2 + KEY_ID_BYTES + NONCE_BYTES;

export interface SealedParts {
  suite: Suite;
  keyId: Uint8Array;
  nonce: Uint8Array;
  ciphertext: Uint8Array;
  tag: Uint8Array;
}

/** Puts the parts of a sealed value into one byte string. */
export function packSealed(parts: SealedParts): Uint8Array {
  const packed = new Uint8Array(HEADER_BYTES + parts.ciphertext.length + TAG_BYTES);
  packed[0] = VERSION;
  packed[1] = SUITES.indexOf(parts.suite);
  packed.set(parts.keyId, 2);
  packed.set(parts.nonce, 2 + KEY_ID_BYTES);
  packed.set(parts.ciphertext, HEADER_BYTES);
  packed.set(parts.tag, HEADER_BYTES + parts.ciphertext.length);
  return packed;
}

/** Takes a sealed value apart; null when it is not one. */
export function unpackSealed(packed: Uint8Array): SealedParts | null {
  const suite = SUITES[packed[1] ?? -1];
  if (packed.length < HEADER_BYTES + TAG_BYTES || packed[0] !== VERSION || suite === undefined) return null;
  const tagAt = packed.length - TAG_BYTES;
  return {
    suite,
    keyId: packed.subarray(2, 2 + KEY_ID_BYTES),
    nonce: packed.subarray(2 + KEY_ID_BYTES, HEADER_BYTES),
    ciphertext: packed.subarray(HEADER_BYTES, tagAt),
    tag: packed.subarray(tagAt),
  };
}

/** What a sealed value is bound to. Length prefixes keep two different contexts from reading alike. */
export function associatedData(words: readonly string[]): Uint8Array {
  return new TextEncoder().encode(words.map((word) => `${word.length}:${word}`).join(','));
}
