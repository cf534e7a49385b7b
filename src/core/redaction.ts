/**
 * Hides texts wherever they stand in bytes, all of them in one pass (Aho and Corasick): its work grows with the bytes
 * alone.
 */
import { REDACTED } from './header.ts';
import { utf8 } from './signature/encoding.ts';

/** Stretches from a place up to another, in order and apart from each other. */
type Stretch = [from: number, to: number];

/** A trie of the texts; state 0 is its root. */
interface Machine {
  /** By `state * 256 + byte`. */
  edges: Map<number, number>;
  /** Where to go on from a state that has no edge: the longest other beginning that what was read ends with. */
  fallbacks: number[];
  /** How many bytes lead to a state. */
  depths: number[];
  /** Length of the longest text that ends in a state; 0 where none does. */
  ends: number[];
  /** By byte, whether a text begins with it. Most bytes begin none: a look in here spares them the one into the map. */
  begins: boolean[];
}

/** Hides texts in bytes; gives the same object where there is none. */
export type Redact = (bytes: Uint8Array, isCut: boolean) => Uint8Array;

export const REPLACEMENT = utf8(REDACTED);
/** What a cut leaves of a text is hidden from so many bytes on: fewer end many a word, and tell little of the text. */
export const MIN_BEGUN_BYTES = 4;

/**
 * Gives bytes with `[redacted]` in place of every stretch that is made of the texts. These are read once, at first use:
 * that takes longer than most bytes do. Where bytes are cut they go on elsewhere, and what they end with is hidden too
 * where one of the texts begins with it, and it has `MIN_BEGUN_BYTES`.
 */
export function redactor(texts: Iterable<Uint8Array>): Redact {
  let machine: Machine | null = null;
  return (bytes, isCut) => {
    machine ??= machineOf(texts);
    const stretches = found(bytes, machine, isCut);
    return stretches.length === 0 ? bytes : replaced(bytes, stretches);
  };
}

function machineOf(texts: Iterable<Uint8Array>): Machine {
  const begins = Array.from({ length: 256 }, () => false);
  const machine: Machine = { edges: new Map(), fallbacks: [0], depths: [0], ends: [0], begins };
  for (const text of texts) addText(machine, text);
  addFallbacks(machine);
  return machine;
}

function addText({ edges, fallbacks, depths, ends, begins }: Machine, text: Uint8Array): void {
  let state = 0;
  if (text[0] !== undefined) begins[text[0]] = true;
  for (const [at, byte] of text.entries()) {
    const known = edges.get(state * 256 + byte);
    const next = known ?? depths.length;
    if (known === undefined) {
      edges.set(state * 256 + byte, next);
      fallbacks.push(0);
      depths.push(at + 1);
      ends.push(0);
    }
    state = next;
  }
  ends[state] = text.length;
}

/** The shallow ones first: a fallback is always nearer to the root. */
function addFallbacks(machine: Machine): void {
  const { edges, fallbacks, depths, ends } = machine;
  const byDepth = [...edges].sort(([, one], [, other]) => (depths[one] ?? 0) - (depths[other] ?? 0));
  for (const [key, state] of byDepth) {
    const parent = Math.floor(key / 256);
    const fallback = parent === 0 ? 0 : step(machine, fallbacks[parent] ?? 0, key % 256);
    fallbacks[state] = fallback;
    ends[state] = Math.max(ends[state] ?? 0, ends[fallback] ?? 0);
  }
}

function step({ edges, fallbacks }: Machine, from: number, byte: number): number {
  let state = from;
  let next = edges.get(state * 256 + byte);
  while (next === undefined && state !== 0) {
    state = fallbacks[state] ?? 0;
    next = edges.get(state * 256 + byte);
  }
  return next ?? 0;
}

function found(bytes: Uint8Array, machine: Machine, isCut: boolean): Stretch[] {
  const { depths, ends, begins } = machine;
  const stretches: Stretch[] = [];
  let state = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (state === 0 && !begins[byte]) continue;
    state = step(machine, state, byte);
    const length = ends[state] ?? 0;
    if (length > 0) addStretch(stretches, at + 1 - length, at + 1);
  }
  const begun = depths[state] ?? 0;
  if (isCut && begun >= MIN_BEGUN_BYTES) addStretch(stretches, bytes.length - begun, bytes.length);
  return stretches;
}

/** Joins it with those that it touches; it ends behind all of them. */
function addStretch(stretches: Stretch[], from: number, to: number): void {
  let start = from;
  for (let last = stretches.at(-1); last !== undefined && last[1] >= start; last = stretches.at(-1)) {
    start = Math.min(start, last[0]);
    stretches.pop();
  }
  stretches.push([start, to]);
}

function replaced(bytes: Uint8Array, stretches: readonly Stretch[]): Uint8Array {
  const hidden = stretches.reduce((sum, [from, to]) => sum + to - from, 0);
  const shown = new Uint8Array(bytes.length - hidden + stretches.length * REPLACEMENT.length);
  let read = 0;
  let written = 0;
  const copy = (part: Uint8Array) => {
    shown.set(part, written);
    written += part.length;
  };
  for (const [from, to] of stretches) {
    copy(bytes.subarray(read, from));
    copy(REPLACEMENT);
    read = to;
  }
  copy(bytes.subarray(read));
  return shown;
}
