/** Why bytes are not taken as JSON, in words. */
import { locateFault } from './json-fault.ts';
import { pointerOf } from './pointer.ts';

export type ScanFault =
  | 'too_deep'
  | 'too_many_members'
  | 'too_many_values'
  | 'too_many_names'
  | 'duplicate_key'
  | 'not_object'
  | 'malformed';

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

/** What a scan stopped at. */
export interface Fault {
  code: ScanFault;
  offset: number;
  key?: string;
}

interface Limits {
  maxDepth: number;
  maxMembers?: number;
  maxValues?: number;
  maxNames?: number;
}

/** Longer names are left out of pointers: an error should not carry a payload. */
const MAX_POINTER_NAME = 200;

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientText = new TextDecoder('utf-8', { ignoreBOM: true });
const utf8 = new TextEncoder();

/** A fault of the scan, told by the limits it scanned with. */
export function refusal(fault: Fault, limits: Limits): JsonRefusal<ScanFault> {
  const { code, offset, key } = fault;
  const message = {
    too_deep: `The JSON is nested deeper than ${limits.maxDepth} levels (byte ${offset}).`,
    too_many_members: `The objects in the JSON have more than ${limits.maxMembers} members together (byte ${offset}).`,
    too_many_values: `The JSON holds more than ${limits.maxValues} values (byte ${offset}).`,
    too_many_names: `The JSON has more than ${limits.maxNames} members at its top level (byte ${offset}).`,
    duplicate_key: `A name stands twice at the top level of the JSON (again at byte ${offset}).`,
    not_object: 'The JSON must be an object at its top level.',
    malformed: `The body is not valid JSON (byte ${offset}).`,
  }[code];
  if (key === undefined || key.length > MAX_POINTER_NAME) return { kind: 'refused', code, message, offset };
  return { kind: 'refused', code, message, offset, pointer: pointerOf([key]) };
}

/** What the parser does not take, with the place where it departs from the grammar. */
export function malformed(text: string, scanOffset: number): JsonRefusal<'malformed'> {
  if (text === '') return { kind: 'refused', code: 'malformed', message: 'The body is empty.', offset: 0 };
  const fault = locateFault(text);
  if (fault === null)
    return { kind: 'refused', code: 'malformed', message: 'The body is not valid JSON.', offset: scanOffset };
  const before = text.slice(0, fault.at);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++;
  const message =
    before === '' && text.startsWith('\ufeff')
      ? 'The body begins with a byte order mark, which JSON must not have.'
      : `The body is not valid JSON: expected ${fault.expected} at line ${line}, column ${fault.at - lineStart + 1}.`;
  return { kind: 'refused', code: 'malformed', message, offset: utf8.encode(before).length };
}

/** What is no JSON, by where it departs from it; for bytes that were refused somewhere, in a part perhaps. */
export function whyNotJson(bytes: Uint8Array): JsonRefusal<'malformed' | 'invalid_utf8'> {
  const text = strictly(bytes);
  return text === null ? invalidUtf8(bytes) : malformed(text, 0);
}

/** The text that the bytes are in UTF-8; null when they are none. */
export function strictly(bytes: Uint8Array): string | null {
  try {
    return strictText.decode(bytes);
  } catch {
    return null;
  }
}

/** What is no text. */
export function invalidUtf8(bytes: Uint8Array): JsonRefusal<'invalid_utf8'> {
  const offset = firstInvalidByte(bytes);
  return { kind: 'refused', code: 'invalid_utf8', message: `The body is not valid UTF-8 (byte ${offset}).`, offset };
}

/** Finds the first replacement character of a lenient decoding that does not stand in the bytes themselves. */
function firstInvalidByte(bytes: Uint8Array): number {
  const text = lenientText.decode(bytes);
  let offset = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === REPLACEMENT) {
      const genuine = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
      if (!genuine) return offset;
    }
    offset += utf8Bytes(unit);
  }
  return bytes.length;
}

const REPLACEMENT = 0xfffd;

/** How many bytes of UTF-8 a unit of UTF-16 stands for; the two halves of a pair have two each. */
function utf8Bytes(unit: number): number {
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
}
