import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Vectors and fixtures that stand beside the checkout; they belong to others and are only read. */
const SHARED = new URL('../../../shared/', import.meta.url);

/** Parsed JSON files of a folder beside the checkout, or nothing where there is none; in CI they must be there. */
export function sharedJson(folder: string, isWanted: (name: string) => boolean): { name: string; json: unknown }[] {
  const url = new URL(`${folder}/`, SHARED);
  if (!existsSync(url)) {
    assert.equal(process.env.CI, undefined, `${folder} must be there in CI`);
    return [];
  }
  const names = readdirSync(url).filter((name) => name.endsWith('.json') && isWanted(name));
  return names.map((name) => ({ name, json: JSON.parse(readFileSync(new URL(name, url), 'utf8')) as unknown }));
}

/** Folders in a folder beside the checkout, or nothing where there is none; in CI they must be there. */
export function sharedFolders(folder: string): string[] {
  const url = new URL(`${folder}/`, SHARED);
  if (!existsSync(url)) {
    assert.equal(process.env.CI, undefined, `${folder} must be there in CI`);
    return [];
  }
  return readdirSync(url, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}
