/** The documents as tests read them: code blocks and tables of Markdown pages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** The project's root. */
export const ROOT = new URL('../../', import.meta.url);

/** A fenced block of code. */
export interface CodeBlock {
  language: string;
  text: string;
  /** The nearest heading above, without its `#`s; empty before the first one. */
  section: string;
}

/** The text of a page; `path` is from the project's root. */
export function readPage(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

/** Every fenced block of a page, in order. */
export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let section = '';
  let open: { language: string; lines: string[] } | null = null;
  for (const line of page.split('\n')) {
    if (open !== null && line === '```') {
      blocks.push({ language: open.language, text: open.lines.join('\n'), section });
      open = null;
    } else if (open !== null) open.lines.push(line);
    else if (line.startsWith('```')) open = { language: line.slice(3), lines: [] };
    else section = /^#+ (.*)$/.exec(line)?.[1] ?? section;
  }
  assert.equal(open, null, 'a code block is not closed');
  return blocks;
}

/** The only block of a language in a section. */
export function onlyBlock(page: string, language: string, section: string): string {
  const [found, ...more] = codeBlocks(page).filter((block) => block.language === language && block.section === section);
  assert.ok(found !== undefined && more.length === 0, `one ${language} block under "${section}"`);
  return found.text;
}

/** The text below a heading, up to the next heading of any level. */
export function sectionOf(page: string, heading: string): string {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  assert.notEqual(start, -1, `there is no heading "${heading}"`);
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line));
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n');
}

/** The rows of the only table in a text, without its head; code marks are taken off cells that are code alone. */
export function tableRows(text: string): string[][] {
  const [head, rule, ...rows] = text.split('\n').filter((line) => line.startsWith('|'));
  assert.ok(head !== undefined && rule !== undefined && /^\|[-|]+$/.test(rule), 'no table');
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map(cellText),
  );
}

function cellText(cell: string): string {
  const text = cell.trim().replaceAll('\\|', '|');
  return /^`([^`]+)`$/.exec(text)?.[1] ?? text;
}

/** A table as the pages have it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
