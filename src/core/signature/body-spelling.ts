/** What a sender may have signed by mistake in place of the body it sent. Only for diagnosing. */
import { parseJson } from '../json.ts';
import { utf8 } from './encoding.ts';
import { respelledJson } from './json-spelling.ts';
import type { MistakeCode } from './mistake.ts';

export interface SpelledBody {
  code: MistakeCode;
  bytes: Uint8Array;
}

/** No payload that somebody signs is deeper, and each step of depth costs. */
const MAX_DEPTH = 32;

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BOM = '\uFEFF';

/** Other spellings of a body, the likelier first; a bounded number, each of bounded size. */
export function spelledBodies(body: Uint8Array): SpelledBody[] {
  const text = textOf(body);
  const lines = text === null ? [] : respelledLines(text);
  const json = text === null ? [] : rewrittenJson(body, text);
  const texts = [...lines, ...json].filter((other) => other.text !== text);
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

/** With and without a line break behind it. */
function rewrittenJson(body: Uint8Array, text: string): SpelledText[] {
  const parsed = parseJson(body, { maxDepth: MAX_DEPTH, topLevel: 'any' });
  if (parsed.kind === 'refused') return [];
  return respelledJson(text, parsed.value)
    .flatMap((rewritten) => [rewritten, `${rewritten}\n`])
    .map((other) => ({ code: 'reserialised', text: other }));
}
