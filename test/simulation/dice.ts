/** Dice that fall the same way for the same seed. */
import type { Random } from '../../src/ports.ts';

export interface Dice extends Random {
  /** A number from `from` up to `to`, without it. */
  between(from: number, to: number): number;
}

/** A generator of 32 bits of state (the one known as mulberry32): plenty for a simulation. */
export function dice(seed: number): Dice {
  let state = seed | 0;
  const roll = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    roll,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(roll() * 256)),
    between: (from, to) => from + roll() * (to - from),
  };
}
