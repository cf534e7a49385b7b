import {
  type Fault,
  invalidUtf8,
  type JsonRefusal,
  malformed,
  refusal,
  type ScanFault,
  strictly,
} from './json-refusal.ts';

export type { JsonRefusal, ScanFault } from './json-refusal.ts';

/** Bytes `start` (first) to `end` (one past the last) of one JSON value, without the space around it. */
export interface Span {
  start: number;
  end: number;
}

/** Member name of the top-level object → where its value stands. A Map, so `__proto__` is a name like any other. */
export type Spans = ReadonlyMap<string, Span>;

export interface JsonLimits {
  /** How many objects and arrays may stand inside each other; the outermost counts as 1. */
  maxDepth: number;
  /** How many members all its objects may have together; any number unless told. Each costs a parser about a µs. */
  maxMembers?: number;
  /**
   * How many values may stand in all its objects and arrays; any number unless told. Counted by commas and opening
   * brackets, so that an object or array counts twice. Each costs up to 0.3 µs.
   */
  maxValues?: number;
  /** How many members may stand at the top level; any number unless told. Each costs a scan some µs. */
  maxNames?: number;
  /** `any` also lets arrays and plain values through, with no spans. Default `object`. */
  topLevel?: 'object' | 'any';
}

/** How much of its limits a text took. */
export interface JsonUse {
  members: number;
  values: number;
}

export type Scanned = { kind: 'scanned'; spans: Spans; use: JsonUse } | JsonRefusal<ScanFault>;
export type Parsed =
  | { kind: 'parsed'; value: unknown; spans: Spans; use: JsonUse }
  | JsonRefusal<ScanFault | 'invalid_utf8'>;

interface Cursor {
  readonly bytes: Uint8Array;
  readonly maxDepth: number;
  at: number;
  /** How many more there may be. */
  membersLeft: number;
  valuesLeft: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const lenientText = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * One pass over raw UTF-8 before parsing: caps nesting, finds the exact bytes of each top-level member's value and
 * refuses a name that stands twice at the top level. Right for every text `JSON.parse` accepts; other bytes are refused
 * or scanned with meaningless spans, for the parser to refuse. Never throws.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): Scanned {
  const cursor = cursorAt(bytes, skipSpace(bytes, 0), limits);
  const spans = new Map<string, Span>();
  const { topLevel = 'object', maxNames = Number.POSITIVE_INFINITY } = limits;
  const fault = scanText(cursor, topLevel, (start) => {
    return spans.size < maxNames ? scanMember(cursor, start, spans) : { code: 'too_many_names', offset: start };
  });
  if (fault !== null) return refusal(fault, limits);
  const { membersLeft, valuesLeft } = cursor;
  const { maxMembers, maxValues } = countsOf(limits);
  return { kind: 'scanned', spans, use: { members: maxMembers - membersLeft, values: maxValues - valuesLeft } };
}

/**
 * Decodes, scans and parses a body. A byte order mark is refused as malformed (RFC 8259 §8.1 forbids sending one).
 * Numbers lose digits in `value` as JavaScript numbers do; the bytes of `spans` lose nothing.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): Parsed {
  const text = strictly(bytes);
  if (text === null) return invalidUtf8(bytes);
  const scan = scanJson(bytes, limits);
  if (scan.kind === 'refused') return scan.code === 'malformed' ? malformed(text, scan.offset) : scan;
  try {
    const { spans, use } = scan;
    return { kind: 'parsed', value: JSON.parse(text), spans, use };
  } catch {
    return malformed(text, 0);
  }
}

/**
 * Where the items of a list stand whose span a scan has found, one after the other as they are asked for; null, and then
 * nothing more, where it departs from the grammar between them. What they hold is for a parser to judge.
 */
export function* itemSpans(bytes: Uint8Array, list: Span): Generator<Span | null> {
  const last = list.end - 1;
  const cursor = cursorAt(bytes, skipSpace(bytes, list.start + 1), { maxDepth: Number.POSITIVE_INFINITY });
  if (cursor.at === last && bytes[last] === CLOSE_ARRAY) return;
  for (;;) {
    const start = cursor.at;
    if (skipValue(cursor) !== null) return yield null;
    yield { start, end: cursor.at };
    cursor.at = skipSpace(bytes, cursor.at);
    if (cursor.at === last && bytes[last] === CLOSE_ARRAY) return;
    if (bytes[cursor.at] !== COMMA) return yield null;
    cursor.at = skipSpace(bytes, cursor.at + 1);
  }
}

function cursorAt(bytes: Uint8Array, at: number, limits: JsonLimits): Cursor {
  const { maxMembers, maxValues } = countsOf(limits);
  return { bytes, maxDepth: limits.maxDepth, at, membersLeft: maxMembers, valuesLeft: maxValues };
}

/** No text has as many as stand for no limit. */
function countsOf({ maxMembers = Number.MAX_SAFE_INTEGER, maxValues = Number.MAX_SAFE_INTEGER }: JsonLimits) {
  return { maxMembers, maxValues };
}

function scanText(cursor: Cursor, topLevel: 'object' | 'any', member: (start: number) => Fault | null): Fault | null {
  const { bytes, at } = cursor;
  if (at >= bytes.length) return { code: 'malformed', offset: at };
  if (bytes[at] === OPEN_OBJECT) return scanContainer(cursor, CLOSE_OBJECT, member);
  if (topLevel === 'object') return { code: startsValue(bytes[at]) ? 'not_object' : 'malformed', offset: at };
  return skipValue(cursor, 0) ?? endOfText(cursor);
}

/** Walks the items of the outermost container; `item` moves the cursor over one of them. */
function scanContainer(cursor: Cursor, closer: number, item: (start: number) => Fault | null): Fault | null {
  const { bytes } = cursor;
  if (cursor.maxDepth < 1) return { code: 'too_deep', offset: cursor.at };
  cursor.at = skipSpace(bytes, cursor.at + 1);
  if (bytes[cursor.at] === closer) {
    cursor.at++;
    return endOfText(cursor);
  }
  for (;;) {
    const fault = item(cursor.at);
    if (fault !== null) return fault;
    cursor.at = skipSpace(bytes, cursor.at);
    const byte = bytes[cursor.at];
    if (byte !== COMMA && byte !== closer) return { code: 'malformed', offset: cursor.at };
    if (byte === COMMA && cursor.valuesLeft-- <= 0) return { code: 'too_many_values', offset: cursor.at };
    cursor.at = skipSpace(bytes, cursor.at + 1);
    if (byte === closer) return endOfText(cursor);
  }
}

function scanMember(cursor: Cursor, keyAt: number, spans: Map<string, Span>): Fault | null {
  const { bytes } = cursor;
  const keyEnd = bytes[keyAt] === QUOTE ? endOfString(bytes, keyAt) : -1;
  const key = keyEnd === -1 ? null : decodeKey(bytes, keyAt, keyEnd);
  if (key === null) return { code: 'malformed', offset: keyAt };
  if (spans.has(key)) return { code: 'duplicate_key', offset: keyAt, key };
  if (cursor.membersLeft-- <= 0) return { code: 'too_many_members', offset: keyAt };
  cursor.at = skipSpace(bytes, keyEnd);
  if (bytes[cursor.at] !== COLON) return { code: 'malformed', offset: cursor.at };
  const start = skipSpace(bytes, cursor.at + 1);
  cursor.at = start;
  const fault = skipValue(cursor);
  if (fault !== null) return fault.code === 'malformed' ? fault : { ...fault, key };
  spans.set(key, { start, end: cursor.at });
  return null;
}

/** Moves the cursor past the value it stands at, which `depth` containers surround. */
function skipValue(cursor: Cursor, depth = 1): Fault | null {
  const { bytes, at } = cursor;
  const byte = bytes[at];
  if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return skipNested(cursor, depth);
  const end = byte === QUOTE ? endOfString(bytes, at) : endOfScalar(bytes, at);
  if (end === -1 || end === at) return { code: 'malformed', offset: at };
  cursor.at = end;
  return null;
}

/** The hot loop: every byte of the payload's bulk passes here, so it works on locals and allocates nothing. */
function skipNested(cursor: Cursor, outerDepth: number): Fault | null {
  const { bytes, maxDepth } = cursor;
  let depth = outerDepth;
  let { membersLeft, valuesLeft } = cursor;
  for (let at = cursor.at; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (end === -1) break;
      at = end - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      if (depth > maxDepth) return { code: 'too_deep', offset: at };
      if (valuesLeft-- <= 0) return { code: 'too_many_values', offset: at };
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
      if (depth === outerDepth) {
        cursor.at = at + 1;
        cursor.membersLeft = membersLeft;
        cursor.valuesLeft = valuesLeft;
        return null;
      }
    } else if (byte === COLON && membersLeft-- <= 0) {
      return { code: 'too_many_members', offset: at };
    } else if (byte === COMMA && valuesLeft-- <= 0) {
      return { code: 'too_many_values', offset: at };
    }
  }
  return { code: 'malformed', offset: bytes.length };
}

/** One past the closing quote of the string whose opening quote is at `quoteAt`; -1 when it never closes. */
function endOfString(bytes: Uint8Array, quoteAt: number): number {
  let at = quoteAt + 1;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return -1;
}

function endOfScalar(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || isSpace(byte)) break;
    at++;
  }
  return at;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at])) at++;
  return at;
}

/** True for the first byte of an array, a string, a number, `true`, `false` or `null`. */
function startsValue(byte: number | undefined): boolean {
  return byte !== undefined && '["-0123456789tfn'.includes(String.fromCharCode(byte));
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endOfText(cursor: Cursor): Fault | null {
  const at = skipSpace(cursor.bytes, cursor.at);
  return at === cursor.bytes.length ? null : { code: 'malformed', offset: at };
}

function decodeKey(bytes: Uint8Array, quoteAt: number, end: number): string | null {
  const raw = lenientText.decode(bytes.subarray(quoteAt, end));
  if (!raw.includes('\\')) return raw.slice(1, -1);
  try {
    return String(JSON.parse(raw));
  } catch {
    return null;
  }
}
