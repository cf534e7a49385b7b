/** Where a text stops being JSON (RFC 8259). Only for explaining a refusal: `JSON.parse` alone decides validity. */
export interface JsonFault {
  /** Index into the text, in UTF-16 code units; its length when the text ends too early. */
  at: number;
  /** What would have been right there, in words; never a piece of the text. */
  expected: string;
}

type Expectation = 'value' | 'item' | 'first name' | 'name' | 'colon' | 'after member' | 'after item' | 'end';

const WORDING: Readonly<Record<Expectation, string>> = {
  value: 'a value',
  item: 'a value or ]',
  'first name': 'a name in double quotes or }',
  name: 'a name in double quotes',
  colon: ':',
  'after member': ', or }',
  'after item': ', or ]',
  end: 'the end of the text',
};

/** The one punctuation mark that each expectation allows beside values and closings, and what follows it. */
const FOLLOWS: Readonly<Partial<Record<Expectation, { mark: string; next: Expectation }>>> = {
  colon: { mark: ':', next: 'value' },
  'after member': { mark: ',', next: 'name' },
  'after item': { mark: ',', next: 'value' },
};

const CLOSERS: Readonly<Partial<Record<Expectation, string>>> = {
  'first name': '}',
  'after member': '}',
  item: ']',
  'after item': ']',
};

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![A-Za-z0-9_.+-])/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;

/** The first place where `text` departs from the JSON grammar; null when it never does. */
export function locateFault(text: string): JsonFault | null {
  const open: string[] = [];
  let expectation: Expectation = 'value';
  let at = end(SPACE, text, 0);
  while (expectation !== 'end' || at < text.length) {
    const mark = text.charAt(at);
    if (mark === '') return { at, expected: WORDING[expectation] };
    if (mark === CLOSERS[expectation]) {
      open.pop();
      expectation = afterValue(open);
      at++;
    } else if (mark === FOLLOWS[expectation]?.mark) {
      expectation = FOLLOWS[expectation]?.next ?? expectation;
      at++;
    } else if (expectation === 'name' || expectation === 'first name') {
      if (mark !== '"') return { at, expected: WORDING[expectation] };
      const name = stringAt(text, at);
      if (name.kind === 'fault') return name.fault;
      expectation = 'colon';
      at = name.end;
    } else if (expectation === 'value' || expectation === 'item') {
      const value = valueAt(text, at, expectation);
      if (value.kind === 'fault') return value.fault;
      if (value.kind === 'opened') open.push(mark);
      expectation = value.kind === 'opened' ? value.next : afterValue(open);
      at = value.end;
    } else return { at, expected: WORDING[expectation] };
    at = end(SPACE, text, at);
  }
  return null;
}

type Read = { kind: 'read'; end: number } | { kind: 'fault'; fault: JsonFault };

function valueAt(text: string, at: number, expectation: Expectation): Read | Opened {
  const mark = text.charAt(at);
  if (mark === '{') return { kind: 'opened', next: 'first name', end: at + 1 };
  if (mark === '[') return { kind: 'opened', next: 'item', end: at + 1 };
  if (mark === '"') return stringAt(text, at);
  const after = end(SCALAR, text, at);
  return after > at ? { kind: 'read', end: after } : { kind: 'fault', fault: { at, expected: WORDING[expectation] } };
}

interface Opened {
  kind: 'opened';
  next: Expectation;
  end: number;
}

function stringAt(text: string, quoteAt: number): Read {
  let at = quoteAt + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { kind: 'read', end: at + 1 };
    if (code < 0x20) return { kind: 'fault', fault: { at, expected: 'control characters escaped inside a string' } };
    const next = code === 0x5c ? end(ESCAPE, text, at) : at + 1;
    if (next === at) return { kind: 'fault', fault: { at, expected: 'a known escape after the backslash' } };
    at = next;
  }
  return { kind: 'fault', fault: { at: text.length, expected: 'a closing double quote' } };
}

function afterValue(open: readonly string[]): Expectation {
  const container = open.at(-1);
  if (container === undefined) return 'end';
  return container === '{' ? 'after member' : 'after item';
}

/** Where the match of a sticky pattern at `at` ends; `at` itself without one. */
function end(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
