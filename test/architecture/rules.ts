/** Rules about what stands inside files. Each yields one line per place that breaks it. */
import { functionsOf } from './functions.ts';
import { targetOf } from './imports.ts';
import type { Source } from './sources.ts';
import { lineAt } from './text.ts';

/** Something that only some files may do. */
export interface Home {
  what: string;
  pattern: RegExp;
  /** Paths that may; a trailing slash stands for all below. */
  homes: readonly string[];
}

/** Places in code outside the homes given for them. */
export function homeless(homes: readonly Home[], sources: readonly Source[]): string[] {
  return homes.flatMap(({ what, pattern, homes: allowed }) =>
    sources
      .filter(({ path }) => !allowed.some((home) => (home.endsWith('/') ? path.startsWith(home) : path === home)))
      .flatMap((source) => hits(source, pattern).map((place) => `${place} has ${what}`)),
  );
}

function hits({ path, code }: Source, pattern: RegExp): string[] {
  return [...code.matchAll(new RegExp(pattern, 'g'))].map(({ index }) => `${path}:${lineAt(code, index)}`);
}

/** Rings of files that import each other, each once, as the path around the ring. */
export function cycles(sources: readonly Source[]): string[] {
  const edges = new Map(sources.map((source) => [source.path, neighbours(source)]));
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'open') found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (state.has(path)) return;
    state.set(path, 'open');
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const { path } of sources) visit(path, []);
  return found;
}

function neighbours(source: Source): string[] {
  return source.imports.flatMap((entry) => {
    const target = targetOf(source.path, entry);
    return target.kind === 'path' ? [target.path] : [];
  });
}

/** How statements begin. A bare `begin` or `commit` is none: statements of the `.sql` files have such names. */
const SQL_OPENINGS = [
  /select\s+(?:.*\bfrom\b|\*|\d)/,
  /insert\s+(?:or\s+\w+\s+)?into\b/,
  /update\s+\S+\s+set\b/,
  /delete\s+from\b/,
  /(?:create|drop|alter)\s+(?:unique\s+|temp\s+|temporary\s+|virtual\s+)?(?:table|index|view|trigger)\b/,
  /pragma\s+\w/,
  /with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s*\(/,
  /begin\s+(?:immediate|exclusive|deferred|transaction)\b/,
  /(?:begin|commit|rollback)\s*;/,
];
const SQL = new RegExp(`^\\s*(?:${SQL_OPENINGS.map(({ source }) => source).join('|')})`, 'is');

/** String literals that hold SQL. */
export function sqlInCode(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text, literals }) =>
    literals
      .filter(({ value }) => SQL.test(value))
      .map(({ start, value }) => `${path}:${lineAt(text, start)} holds SQL: ${value.slice(0, 40)}`),
  );
}

/** `.sql` files outside the adapters. */
export function strayedSql(paths: readonly string[]): string[] {
  return paths.filter((path) => path.endsWith('.sql') && !path.startsWith('src/adapters/'));
}

/** Files longer than `maxLines`. */
export function longFiles(sources: readonly Source[], maxLines: number): string[] {
  return sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > maxLines)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** Functions longer than `maxLines` that no comment above or on their first line calls `Long because …`. */
export function longFunctions(sources: readonly Source[], maxLines: number): string[] {
  return sources.flatMap((source) =>
    functionsOf(source)
      .filter(({ lines }) => lines > maxLines)
      .filter(({ line }) => !isExcused(source, line))
      .map(({ line, lines }) => `${source.path}:${line} is a function of ${lines} lines`),
  );
}

function isExcused({ text, comments }: Source, line: number): boolean {
  return comments.some(({ end, value }) => {
    const distance = line - lineAt(text, end);
    return (distance === 0 || distance === 1) && /\blong because\b/i.test(value);
  });
}

/** Of these, the reason stands after the name of the rule and a colon, or after the directive. */
const SILENCER =
  /^(?:biome-ignore(?:-\w+)?\s+[\w/]+:?|@ts-(?:ignore|expect-error|nocheck)\b:?|biome-ignore\S*)\s*(.*)$/s;
const MIN_REASON_LETTERS = 10;

/** Switched-off checks that do not say why. */
export function unexplainedSilence(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text, comments }) =>
    comments
      .filter(({ value }) => (SILENCER.exec(value)?.[1]?.length ?? MIN_REASON_LETTERS) < MIN_REASON_LETTERS)
      .map(({ start, value }) => `${path}:${lineAt(text, start)} gives no reason: ${value}`),
  );
}

const ANY = /(?:\bas|\bsatisfies|[:<|&,=]|=>)\s*any\b(?!\s*[:(.?])/;

/** Types that say nothing. */
export function anyTypes(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => hits(source, ANY).map((place) => `${place} has the type any`));
}
