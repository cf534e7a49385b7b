import { randomFillSync } from 'node:crypto';
import type { Random } from '../ports.ts';

const POOL_BYTES = 8192;

/** Cryptographic dice, drawn from a pool so that an id does not cost a system call. */
export function createRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  function bytes(count: number): Uint8Array {
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += count;
    return pool.slice(used - count, used);
  }
  return { bytes, roll: () => Math.random() };
}
