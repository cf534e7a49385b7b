/** What a sender may have signed by mistake in place of the body it sent. Only for diagnosing. */
import { parseJson } from '../json.ts';
import { utf8 } from './encoding.ts';
import type { MistakeCode } from './mistake.ts';

export interface SpelledBody {
  code: MistakeCode;
  bytes: Uint8Array;
}

/** Indentation multiplies the size of what stands deep. */
const MAX_DEPTH = 32;
const MAX_SPELLED_CHARS = 512 * 1024;

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BOM = '\uFEFF';

/** Other spellings of a body, the likelier first; a bounded number, each of bounded size. */
export function spelledBodies(body: Uint8Array): SpelledBody[] {
  const text = textOf(body);
  const lines = text === null ? [] : respelledLines(text);
  const json = text === null ? [] : rewrittenJson(body, text);
  const texts = [...lines, ...json].filter((other) => other.text !== text && other.text.length <= MAX_SPELLED_CHARS);
  return [
    ...texts.map((other) => ({ code: other.code, bytes: utf8(other.text) })),
    { code: 'body_not_signed', bytes: new Uint8Array(0) },
  ];
}

interface SpelledText {
  code: MistakeCode;
  text: string;
}

function textOf(body: Uint8Array): string | null {
  try {
    return strictText.decode(body);
  } catch {
    return null;
  }
}

function respelledLines(text: string): SpelledText[] {
  const unix = text.replaceAll('\r\n', '\n');
  return [
    { code: 'newline', text: `${text}\n` },
    { code: 'newline', text: `${text}\r\n` },
    { code: 'newline', text: text.replace(/\r?\n$/, '') },
    { code: 'newline', text: text.trimEnd() },
    { code: 'line_endings', text: unix },
    { code: 'line_endings', text: unix.replaceAll('\n', '\r\n') },
    { code: 'byte_order_mark', text: text.startsWith(BOM) ? text.slice(BOM.length) : BOM + text },
  ];
}

/** What stands between the tokens of JSON: behind each colon and comma, and for each step of depth. */
interface Spacing {
  colon: string;
  comma: string;
  indent: string;
}

const COMPACT: Spacing = { colon: ':', comma: ',', indent: '' };
const SPACED: Spacing = { colon: ': ', comma: ', ', indent: '' };
const PRETTY: readonly Spacing[] = ['  ', '    ', '\t'].map((indent) => ({ colon: ': ', comma: ',', indent }));

/** How serialisers write JSON unless told otherwise, with and without a line break behind it. */
function rewrittenJson(body: Uint8Array, text: string): SpelledText[] {
  const parsed = parseJson(body, { maxDepth: MAX_DEPTH, topLevel: 'any' });
  if (parsed.kind === 'refused') return [];
  const compact = JSON.stringify(parsed.value);
  const texts = [
    compact,
    JSON.stringify(parsed.value, null, 2),
    // The same tokens in other places: keeps what JavaScript would change, such as 1.0 and the order of keys like "1".
    ...[COMPACT, SPACED, ...PRETTY].map((spacing) => respaced(text, spacing)),
    // Python's json.dumps, PHP's json_encode and Go's json.Marshal.
    ascii(respaced(compact, SPACED)),
    ascii(compact.replaceAll('/', '\\/')),
    compact.replace(/[<>&]/g, escaped),
  ];
  return texts
    .flatMap((rewritten) => [rewritten, `${rewritten}\n`])
    .map((other) => ({ code: 'reserialised', text: other }));
}

function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** A JSON text with the same tokens and other space between them. */
function respaced(json: string, { colon, comma, indent }: Spacing): string {
  const tokens = json.match(TOKENS) ?? [];
  const line = (depth: number) => (indent === '' ? '' : `\n${indent.repeat(depth)}`);
  let depth = 0;
  let written = '';
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1];
    if (token === '}' || token === ']') {
      depth--;
      written += before === '{' || before === '[' ? token : line(depth) + token;
    } else {
      if (before === '{' || before === '[' || before === ',') written += line(depth);
      written += token === ':' ? colon : token === ',' ? comma : token;
      if (token === '{' || token === '[') depth++;
    }
  }
  return written;
}
