/**
 * Hides texts wherever they stand in bytes, all of them in one pass (Aho and Corasick): its work grows with the bytes
 * alone.
 */
import { REDACTED } from './header.ts';
import { utf8 } from './signature/encoding.ts';

/** Stretches from a place up to another, in order and apart from each other. */
type Stretch = [from: number, to: number];

/** A trie of the texts; state 0 is its root. Whoever hides long ones keeps many of them: a state takes 21 bytes. */
interface Machine {
  /** By byte, the state that it leads to from the root; 0 where no text begins with it. */
  begins: Int32Array;
  /** The first of the states that a state leads to, 0 where there is none, and beside which others such stand. */
  children: Int32Array;
  siblings: Int32Array;
  /** The byte that leads to a state. */
  bytes: Uint8Array;
  /** Where to go on from a state that leads nowhere: the longest other beginning that what was read ends with. */
  fallbacks: Int32Array;
  /** How many bytes lead to a state. */
  depths: Int32Array;
  /** Length of the longest text that ends in a state; 0 where none does. */
  ends: Int32Array;
}

/** Finds texts in bytes. */
export type Find = (bytes: Uint8Array, isCut: boolean) => readonly Stretch[];

export const REPLACEMENT = utf8(REDACTED);
/** What a cut leaves of a text is hidden from so many bytes on: fewer end many a word, and tell little of the text. */
export const MIN_BEGUN_BYTES = 4;

/**
 * Looks for texts. They are asked for once, at first use: to learn them takes longer than to look through most bytes.
 * Where bytes are cut they go on elsewhere, and what they end with is found too where one of the texts begins with it,
 * and it has `MIN_BEGUN_BYTES`.
 */
export function finder(textsOf: () => readonly Uint8Array[]): Find {
  let machine: Machine | null = null;
  return (bytes, isCut) => {
    machine ??= machineOf(textsOf());
    return found(bytes, machine, isCut);
  };
}

/** The bytes with `[redacted]` in place of every stretch of what is looked for; the same object where there is none. */
export function redacted(bytes: Uint8Array, finds: readonly Find[], isCut: boolean): Uint8Array {
  const all = finds.flatMap((find) => find(bytes, isCut)).sort(([, one], [, other]) => one - other);
  const stretches: Stretch[] = [];
  for (const [from, to] of all) addStretch(stretches, from, to);
  return stretches.length === 0 ? bytes : replaced(bytes, stretches);
}

function machineOf(texts: readonly Uint8Array[]): Machine {
  const most = texts.reduce((sum, { length }) => sum + length, 1);
  const machine = machineOfSize(most);
  let count = 1;
  for (const text of texts) count = addText(machine, text, count);
  addFallbacks(machine, count);
  return shrunk(machine, count);
}

function machineOfSize(states: number): Machine {
  return {
    begins: new Int32Array(256),
    children: new Int32Array(states),
    siblings: new Int32Array(states),
    bytes: new Uint8Array(states),
    fallbacks: new Int32Array(states),
    depths: new Int32Array(states),
    ends: new Int32Array(states),
  };
}

/** Texts have beginnings in common: often there are half as many states as bytes. */
function shrunk({ begins, ...byState }: Machine, count: number): Machine {
  const { children, siblings, bytes, fallbacks, depths, ends } = byState;
  return {
    begins,
    children: children.slice(0, count),
    siblings: siblings.slice(0, count),
    bytes: bytes.slice(0, count),
    fallbacks: fallbacks.slice(0, count),
    depths: depths.slice(0, count),
    ends: ends.slice(0, count),
  };
}

/** Gives how many states there are with those of the text. */
function addText(machine: Machine, text: Uint8Array, count: number): number {
  const { begins, children, siblings, bytes, depths, ends } = machine;
  let state = 0;
  let states = count;
  for (const [at, byte] of text.entries()) {
    let next = edge(machine, state, byte);
    if (next === 0) {
      next = states++;
      bytes[next] = byte;
      depths[next] = at + 1;
      if (state === 0) begins[byte] = next;
      else {
        siblings[next] = children[state] ?? 0;
        children[state] = next;
      }
    }
    state = next;
  }
  ends[state] = text.length;
  return states;
}

/** The state that a byte leads to; 0 where it leads nowhere. */
function edge({ begins, children, siblings, bytes }: Machine, from: number, byte: number): number {
  if (from === 0) return begins[byte] ?? 0;
  let state = children[from] ?? 0;
  while (state !== 0 && bytes[state] !== byte) state = siblings[state] ?? 0;
  return state;
}

/** The shallow ones first: a fallback is always nearer to the root. */
function addFallbacks(machine: Machine, count: number): void {
  const { begins, children, siblings, bytes, fallbacks, ends } = machine;
  const waiting = new Int32Array(count);
  let last = 0;
  for (const state of begins) if (state !== 0) waiting[last++] = state;
  for (let next = 0; next < last; next++) {
    const parent = waiting[next] ?? 0;
    for (let state = children[parent] ?? 0; state !== 0; state = siblings[state] ?? 0) {
      const fallback = step(machine, fallbacks[parent] ?? 0, bytes[state] ?? 0);
      fallbacks[state] = fallback;
      ends[state] = Math.max(ends[state] ?? 0, ends[fallback] ?? 0);
      waiting[last++] = state;
    }
  }
}

function step(machine: Machine, from: number, byte: number): number {
  let state = from;
  let next = edge(machine, state, byte);
  while (next === 0 && state !== 0) {
    state = machine.fallbacks[state] ?? 0;
    next = edge(machine, state, byte);
  }
  return next;
}

function found(bytes: Uint8Array, machine: Machine, isCut: boolean): Stretch[] {
  const { begins, depths, ends } = machine;
  const stretches: Stretch[] = [];
  let state = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    state = state === 0 ? (begins[byte] ?? 0) : step(machine, state, byte);
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
