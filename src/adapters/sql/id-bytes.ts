/** Ids as the 16 bytes they are. */
import type { Id } from '../../core/ids.ts';

const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0);
/** Where the first digit of each byte stands in the canonical form. */
const DIGITS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** An id as its 16 bytes. Measured: 0.05 µs; by way of `Buffer.from(…, 'hex')` 0.19 µs, fifteen times a delivery. */
export function blob(id: Id): Uint8Array {
  const bytes = new Uint8Array(16);
  writeId(bytes, id, 0);
  return bytes;
}

/** Writes the 16 bytes of an id from `start` on. */
export function writeId(bytes: Uint8Array, id: Id, start: number): void {
  let at = start;
  for (const digit of DIGITS) {
    const high = NIBBLES[id.charCodeAt(digit)] ?? 0;
    bytes[at++] = (high << 4) | (NIBBLES[id.charCodeAt(digit + 1)] ?? 0);
  }
}

/** 16 bytes as the id they are. */
export function idOf(bytes: Uint8Array): Id {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Ids one after the other, 16 bytes each. */
export function packIds(ids: readonly Id[]): Uint8Array {
  const packed = new Uint8Array(ids.length * 16);
  for (const [at, id] of ids.entries()) writeId(packed, id, at * 16);
  return packed;
}

/** The ids that `packIds` wrote. */
export function unpackIds(packed: Uint8Array): readonly Id[] {
  return Array.from({ length: packed.length / 16 }, (_, at) => idOf(packed.subarray(at * 16, at * 16 + 16)));
}
