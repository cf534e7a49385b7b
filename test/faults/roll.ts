/** Numbers that look random and come again with the same seed. */
export type Roll = (below: number) => number;

/** A roll in [0, below), by a 32-bit mixing generator. */
export function seededRoll(seed: number): Roll {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * below;
  };
}
