/** Items of an array that nest too deeply, taken out of a text before it is parsed. */
import type { Span } from './json.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENERS: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSERS: ReadonlySet<number> = new Set([0x5d, 0x7d]);
const SPACE = 0x20;
const NULL = new TextEncoder().encode('null');

/** A text without the items that nest too deeply. */
export interface Shallow {
  /** `null` and spaces stand in their place, so that everything else is where it was. */
  bytes: Uint8Array;
  /** Their places in the array, from 0. */
  deep: ReadonlySet<number>;
}

/**
 * Takes out the items of `array` that nest deeper than `maxDepth`; the outermost object or array of an item counts as 1.
 * What is no JSON elsewhere stays none: the rest is for a parser to judge.
 * @param array from its opening to its closing bracket
 */
export function withoutDeepItems(text: Uint8Array, array: Span, maxDepth: number): Shallow {
  const bytes = text.slice();
  const deep = new Set<number>();
  let [index, depth, deepest, start] = [0, 0, 0, 0];
  for (let at = array.start + 1; at < array.end - 1; at++) {
    const byte = text[at] as number;
    if (byte === QUOTE) at = endOfString(text, at);
    else if (OPENERS.has(byte)) {
      if (depth === 0) [start, deepest] = [at, 0];
      depth++;
      deepest = Math.max(deepest, depth);
    } else if (CLOSERS.has(byte)) {
      depth--;
      if (depth > 0 || deepest <= maxDepth) continue;
      deep.add(index);
      bytes.fill(SPACE, start, at + 1);
      bytes.set(NULL, start);
    } else if (byte === COMMA && depth === 0) index++;
  }
  return { bytes, deep };
}

/** Where the string that begins at `quoteAt` has its closing quote; the end of the text where it has none. */
function endOfString(text: Uint8Array, quoteAt: number): number {
  let at = quoteAt + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}
