/**
 * Splits TypeScript into code, string literals and comments, so that a rule about code is not misled by a text that
 * looks like code. No parser: tokens are enough, and offsets stay those of the file.
 */

/** A piece of a file that is not code. */
export interface Piece {
  /** Offset of the first character, quotes and comment marks included. */
  start: number;
  /** Offset after the last one. */
  end: number;
  /** Without quotes and comment marks; of a template, the part up to the next `${`. */
  value: string;
}

export interface Scanned {
  /** The file with the contents of strings, regular expressions and comments blanked; line breaks stay. */
  code: string;
  literals: readonly Piece[];
  comments: readonly Piece[];
}

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
/** From a backquote, or from the brace that ends a substitution, to the next one of either. */
const TEMPLATE = /[`}](?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;
/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|await|yield|throw))\s*$/;

/** Scans one file. Total: a text that is no TypeScript gives some scan. */
export function scan(text: string): Scanned {
  const literals: Piece[] = [];
  const comments: Piece[] = [];
  /** Of every open substitution, how many braces are open in it. */
  const substitutions: number[] = [];
  let code = '';
  while (code.length < text.length) {
    const start = code.length;
    const found = pieceAt(text, code, substitutions);
    if (found === null) {
      code += text[start];
      continue;
    }
    const value = contentOf(found);
    const piece = { start, end: start + found.raw.length, value };
    if (found.kind === 'comment') comments.push(piece);
    else if (found.kind === 'literal') literals.push(piece);
    code += found.kind === 'literal' ? quotedBlank(found.raw) : blank(found.raw);
  }
  return { code, literals, comments };
}

interface Found {
  kind: 'comment' | 'literal' | 'regex';
  raw: string;
}

function pieceAt(text: string, code: string, substitutions: number[]): Found | null {
  const at = code.length;
  switch (text[at]) {
    case '/':
      return slashAt(text, code);
    case "'":
    case '"':
      return found('literal', match(STRING, text, at));
    case '`':
      return templateAt(text, at, substitutions);
    case '{':
      return openBrace(substitutions, 1);
    case '}':
      if (substitutions.at(-1) !== 0) return openBrace(substitutions, -1);
      substitutions.pop();
      return templateAt(text, at, substitutions);
    default:
      return null;
  }
}

function slashAt(text: string, code: string): Found | null {
  const comment = match(COMMENT, text, code.length);
  if (comment !== null) return { kind: 'comment', raw: comment };
  return BEFORE_REGEX.test(code.slice(-200)) ? found('regex', match(REGEX, text, code.length)) : null;
}

function templateAt(text: string, at: number, substitutions: number[]): Found | null {
  const raw = match(TEMPLATE, text, at);
  if (raw?.endsWith('${')) substitutions.push(0);
  return found('literal', raw);
}

function openBrace(substitutions: number[], by: 1 | -1): null {
  const open = substitutions.pop();
  if (open !== undefined) substitutions.push(open + by);
  return null;
}

function found(kind: Found['kind'], raw: string | null): Found | null {
  return raw === null ? null : { kind, raw };
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function contentOf({ kind, raw }: Found): string {
  if (kind === 'literal') return raw.slice(1, raw.endsWith('${') ? -2 : -1);
  return raw.replace(/^\/[*/]+|\*\/$/g, '').trim();
}

function blank(raw: string): string {
  return raw.replace(/[^\n]/g, ' ');
}

/** Quotes stay where they are; the marks of a substitution go, so that braces in the code stay paired. */
function quotedBlank(raw: string): string {
  const inside = blank(raw);
  const first = raw[0] === '}' ? ' ' : raw[0];
  return `${first}${inside.slice(1, -1)}${raw.endsWith('${') ? ' ' : raw.at(-1)}`;
}

/** Number of the line an offset is on, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
