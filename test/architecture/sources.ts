/** The project's TypeScript as the rules see it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Import, importsOf } from './imports.ts';
import { type Scanned, scan } from './text.ts';

export interface Source extends Scanned {
  /** From the project's root, with slashes. */
  path: string;
  text: string;
  imports: readonly Import[];
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage']);

/** Every file of the project but installed, built and hidden ones; paths from the root. */
export function projectFiles(folder = ''): string[] {
  return readdirSync(ROOT + folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || NOT_OURS.has(entry.name)) return [];
    const path = folder + entry.name;
    return entry.isDirectory() ? projectFiles(`${path}/`) : [path];
  });
}

/** A source from its text. */
export function sourceOf(path: string, text: string): Source {
  const scanned = scan(text);
  return { path, text, ...scanned, imports: importsOf(scanned) };
}

/** The project's own TypeScript files. */
export function projectSources(): Source[] {
  return projectFiles()
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => sourceOf(path, readFileSync(ROOT + path, 'utf8')));
}

/** Names of the packages that the published program may count on. */
export function runtimeDependencies(): string[] {
  const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { dependencies: Record<string, string> };
  return Object.keys(manifest.dependencies);
}
