/** What a module reaches for: `import`, `export … from`, `import()` and `new URL(…, import.meta.url)`. */
import { posix } from 'node:path';
import type { Scanned } from './text.ts';

export interface Import {
  /** As written; null when it is computed, so that nobody can tell. */
  specifier: string | null;
  /** `import type` and `export type`: gone at run time, a dependency all the same. */
  typeOnly: boolean;
}

/** What a specifier points at. */
export type Target =
  | { kind: 'path'; path: string }
  | { kind: 'node'; module: string }
  | { kind: 'npm'; package: string }
  | { kind: 'computed' };

const FROM = /\bfrom\s*(?=['"])/g;
const BARE = /\bimport\s*(?=['"])/g;
const CALL = /\bimport\s*\(\s*/g;
const NEW_URL = /\bnew\s+URL\s*\(\s*/g;
const TYPE_STATEMENT = /\b(?:import|export)\s+type\b[^;'"]*$/;

/** All imports of a scanned file, in no particular order. */
export function importsOf({ code, literals }: Scanned): Import[] {
  const texts = new Map(literals.map((literal) => [literal.start, literal]));
  const after = (pattern: RegExp) =>
    [...code.matchAll(pattern)].map((hit) => ({ at: hit.index, text: texts.get(hit.index + hit[0].length) }));
  const statements = [...after(FROM), ...after(BARE)].flatMap(({ at, text }) =>
    text ? [{ specifier: text.value, typeOnly: TYPE_STATEMENT.test(code.slice(Math.max(0, at - 2000), at)) }] : [],
  );
  const calls = after(CALL).map(({ text }) => ({ specifier: text?.value ?? null, typeOnly: false }));
  const urls = after(NEW_URL).flatMap(({ text }) =>
    text && /^[^)]*import\.meta\.url/.test(code.slice(text.end)) ? [{ specifier: text.value, typeOnly: false }] : [],
  );
  return [...statements, ...calls, ...urls];
}

/** Resolves a specifier of the module at `from`; paths are relative to the project's root. */
export function targetOf(from: string, { specifier }: Import): Target {
  if (specifier === null) return { kind: 'computed' };
  if (/^\.{0,2}\//.test(specifier)) return { kind: 'path', path: posix.join(posix.dirname(from), specifier) };
  if (specifier.startsWith('node:')) return { kind: 'node', module: specifier };
  const [scope = '', name] = specifier.split('/');
  return { kind: 'npm', package: scope.startsWith('@') ? `${scope}/${name}` : scope };
}
