import { locateFault } from './json-fault.ts';
import { pointerOf } from './pointer.ts';

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
  /** `any` also lets arrays and plain values through, with no spans. Default `object`. */
  topLevel?: 'object' | 'any';
}

export type ScanFault = 'too_deep' | 'too_many_members' | 'duplicate_key' | 'not_object' | 'malformed';

/** Why bytes were not taken as JSON. `message` never quotes them. */
export interface JsonRefusal<Code extends string> {
  kind: 'refused';
  code: Code;
  message: string;
  /** In bytes from the start of the body. */
  offset: number;
  /** JSON pointer (RFC 6901) of the member at fault, where one can be named. */
  pointer?: string;
}

export type Scanned = { kind: 'scanned'; spans: Spans } | JsonRefusal<ScanFault>;
export type Parsed = { kind: 'parsed'; value: unknown; spans: Spans } | JsonRefusal<ScanFault | 'invalid_utf8'>;

interface Cursor {
  readonly bytes: Uint8Array;
  readonly maxDepth: number;
  at: number;
  /** How many more members there may be. */
  membersLeft: number;
}

interface Fault {
  code: ScanFault;
  offset: number;
  key?: string;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Longer names are left out of pointers: an error should not carry a payload. */
const MAX_POINTER_NAME = 200;

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientText = new TextDecoder('utf-8', { ignoreBOM: true });
const utf8 = new TextEncoder();

/**
 * One pass over raw UTF-8 before parsing: caps nesting, finds the exact bytes of each top-level member's value and
 * refuses a name that stands twice at the top level. Right for every text `JSON.parse` accepts; other bytes are refused
 * or scanned with meaningless spans, for the parser to refuse. Never throws.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): Scanned {
  const cursor = cursorAt(bytes, skipSpace(bytes, 0), limits);
  const spans = new Map<string, Span>();
  const fault = scanText(cursor, limits.topLevel ?? 'object', (start) => scanMember(cursor, start, spans));
  return fault === null ? { kind: 'scanned', spans } : refusal(fault, limits);
}

/**
 * Decodes, scans and parses a body. A byte order mark is refused as malformed (RFC 8259 §8.1 forbids sending one).
 * Numbers lose digits in `value` as JavaScript numbers do; the bytes of `spans` lose nothing.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): Parsed {
  const text = decode(bytes);
  if (text === null) return invalidUtf8(bytes);
  const scan = scanJson(bytes, limits);
  if (scan.kind === 'refused') return scan.code === 'malformed' ? malformed(text, scan.offset) : scan;
  try {
    return { kind: 'parsed', value: JSON.parse(text), spans: scan.spans };
  } catch {
    return malformed(text, 0);
  }
}

/** Where the items of an array stand, in the bytes of a text that `parseJson` has taken. */
export function itemSpans(bytes: Uint8Array, array: Span): readonly Span[] {
  const cursor = cursorAt(bytes, skipSpace(bytes, array.start + 1), { maxDepth: Number.POSITIVE_INFINITY });
  const spans: Span[] = [];
  while (cursor.at < array.end - 1) {
    const start = cursor.at;
    if (skipValue(cursor) !== null) throw new Error('the items of a text that was not parsed');
    spans.push({ start, end: cursor.at });
    // Past the comma, or the closing bracket.
    cursor.at = skipSpace(bytes, skipSpace(bytes, cursor.at) + 1);
  }
  return spans;
}

function cursorAt(bytes: Uint8Array, at: number, { maxDepth, maxMembers }: JsonLimits): Cursor {
  return { bytes, maxDepth, at, membersLeft: maxMembers ?? Number.POSITIVE_INFINITY };
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
  if (fault === null) spans.set(key, { start, end: cursor.at });
  return fault;
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
  let { membersLeft } = cursor;
  for (let at = cursor.at; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (end === -1) break;
      at = end - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      if (depth > maxDepth) return { code: 'too_deep', offset: at };
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
      if (depth === outerDepth) {
        cursor.at = at + 1;
        cursor.membersLeft = membersLeft;
        return null;
      }
    } else if (byte === COLON && membersLeft-- <= 0) {
      return { code: 'too_many_members', offset: at };
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

function decode(bytes: Uint8Array): string | null {
  try {
    return strictText.decode(bytes);
  } catch {
    return null;
  }
}

function refusal(fault: Fault, limits: JsonLimits): JsonRefusal<ScanFault> {
  const { code, offset, key } = fault;
  const message = {
    too_deep: `The JSON is nested deeper than ${limits.maxDepth} levels (byte ${offset}).`,
    too_many_members: `The objects in the JSON have more than ${limits.maxMembers} members together (byte ${offset}).`,
    duplicate_key: `A name stands twice at the top level of the JSON (again at byte ${offset}).`,
    not_object: 'The JSON must be an object at its top level.',
    malformed: `The body is not valid JSON (byte ${offset}).`,
  }[code];
  if (key === undefined || key.length > MAX_POINTER_NAME) return { kind: 'refused', code, message, offset };
  return { kind: 'refused', code, message, offset, pointer: pointerOf([key]) };
}

function malformed(text: string, scanOffset: number): JsonRefusal<'malformed'> {
  const fault = locateFault(text);
  if (fault === null)
    return { kind: 'refused', code: 'malformed', message: 'The body is not valid JSON.', offset: scanOffset };
  const before = text.slice(0, fault.at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const message =
    before === '' && text.startsWith('\ufeff')
      ? 'The body begins with a byte order mark, which JSON must not have.'
      : `The body is not valid JSON: expected ${fault.expected} at line ${line}, column ${fault.at - lineStart + 1}.`;
  return { kind: 'refused', code: 'malformed', message, offset: utf8.encode(before).length };
}

function invalidUtf8(bytes: Uint8Array): JsonRefusal<'invalid_utf8'> {
  const offset = firstInvalidByte(bytes);
  return { kind: 'refused', code: 'invalid_utf8', message: `The body is not valid UTF-8 (byte ${offset}).`, offset };
}

/** Finds the first replacement character of a lenient decoding that does not stand in the bytes themselves. */
function firstInvalidByte(bytes: Uint8Array): number {
  const text = lenientText.decode(bytes);
  let offset = 0;
  let from = 0;
  for (let at = text.indexOf('\ufffd'); at !== -1; at = text.indexOf('\ufffd', from)) {
    offset += utf8.encode(text.slice(from, at)).length;
    const genuine = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
    if (!genuine) return offset;
    offset += 3;
    from = at + 1;
  }
  return bytes.length;
}
