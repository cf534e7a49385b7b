import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

/** What a snippet of JavaScript in a document exports, loaded as a reader would: from a file of its own. */
export async function moduleFrom(
  snippet: string,
  context: TestContext,
): Promise<Readonly<Record<string, (...args: readonly unknown[]) => unknown>>> {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-docs-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'snippet.mjs');
  writeFileSync(path, snippet);
  return import(pathToFileURL(path).href);
}
