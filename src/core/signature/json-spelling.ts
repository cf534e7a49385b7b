/** How serialisers write the data of a JSON text unless told otherwise. Only for diagnosing. */

/** Longer than this nobody is likely to have signed. Indentation multiplies the size of what stands deep. */
const MAX_SPELLED_CHARS = 256 * 1024;

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const INDENTS = ['  ', '    ', '\t'] as const;

type Tokens = readonly string[];

/**
 * Other texts of the same data, a bounded number of bounded size.
 * @param text JSON that nests no deeper than a few dozen levels
 * @param value what JavaScript reads in it
 */
export function respelledJson(text: string, value: unknown): string[] {
  // As it is written: keeps what JavaScript would change, such as 1.0, large numbers and the order of keys like "1".
  const written = tokensOf(text);
  const plain = written.map(unescaped);
  const ordered = sorted(plain);
  const read = tokensOf(JSON.stringify(value));
  const texts = [
    compact(read),
    indented(read, '  '),
    compact(written),
    spaced(written),
    ...INDENTS.map((indent) => indented(written, indent)),
    compact(plain),
    // Python's json.dumps, and what it is often told for signing.
    ascii(spaced(plain)),
    ascii(compact(plain)),
    ascii(spaced(ordered)),
    ascii(compact(ordered)),
    // PHP's json_encode, which writes 1.0 as 1.
    ascii(compact(plain).replaceAll('/', '\\/')),
    ascii(compact(read).replaceAll('/', '\\/')),
    // Go's json.Marshal of a struct, and of a map.
    compact(read).replace(/[<>&]/g, escaped),
    compact(sorted(read)).replace(/[<>&]/g, escaped),
    // jq -S, with and without -c.
    compact(ordered),
    indented(ordered, '  '),
  ];
  return [...new Set(texts)].filter((other) => other !== '' && other.length <= MAX_SPELLED_CHARS);
}

function tokensOf(json: string): Tokens {
  return json.match(TOKENS) ?? [];
}

function compact(tokens: Tokens): string {
  return tokens.join('');
}

function spaced(tokens: Tokens): string {
  return tokens.map((token) => (token === ':' || token === ',' ? `${token} ` : token)).join('');
}

/** Empty where it grows too large. */
function indented(tokens: Tokens, indent: string): string {
  let depth = 0;
  let before = '';
  let written = '';
  for (const token of tokens) {
    const isEnd = token === '}' || token === ']';
    const isFirst = before === '{' || before === '[';
    if (isEnd) depth--;
    if (isEnd ? !isFirst : isFirst || before === ',') written += `\n${indent.repeat(depth)}`;
    written += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth++;
    if (written.length > MAX_SPELLED_CHARS) return '';
    before = token;
  }
  return written;
}

function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A text without escapes that JavaScript would not write; any other token as it is. */
function unescaped(token: string): string {
  return token.startsWith('"') && token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token;
}

/** A value as its token, or as what stands between its brackets. */
type Tree = string | { open: '{' | '['; entries: readonly Entry[] };

interface Entry {
  /** As its token; null in a list. */
  name: string | null;
  value: Tree;
}

/** The same tokens, with the members of each object in the order of their names. */
function sorted(tokens: Tokens): Tokens {
  const written: string[] = [];
  writeSorted(treeOf(tokens), written);
  return written;
}

function treeOf(tokens: Tokens): Tree {
  let at = 0;
  const next = () => tokens[at++] ?? '';
  const read = (): Tree => {
    const open = next();
    if (open !== '{' && open !== '[') return open;
    const entries: Entry[] = [];
    const isEmpty = tokens[at] === '}' || tokens[at] === ']';
    if (isEmpty) at++;
    while (!isEmpty) {
      const name = open === '{' ? next() : null;
      if (name !== null) at++;
      entries.push({ name, value: read() });
      if (next() !== ',') break;
    }
    return { open, entries };
  };
  return read();
}

function writeSorted(tree: Tree, into: string[]): void {
  if (typeof tree === 'string') {
    into.push(tree);
    return;
  }
  const { open, entries } = tree;
  into.push(open);
  for (const [index, { name, value }] of (open === '{' ? byName(entries) : entries).entries()) {
    if (index > 0) into.push(',');
    if (name !== null) into.push(name, ':');
    writeSorted(value, into);
  }
  into.push(open === '{' ? '}' : ']');
}

function byName(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((one, other) => compared(said(one.name), said(other.name)));
}

function compared(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function said(token: string | null): string {
  if (token === null) return '';
  return token.includes('\\') ? JSON.parse(token) : token.slice(1, -1);
}
