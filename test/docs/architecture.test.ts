import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { ROOT, readPage, sectionOf, tableRows } from './page.ts';

const RULES = tableRows(sectionOf(readPage('docs/architecture.md'), 'Rules of the store')).map(([code = '']) => code);

/** What stands behind a pattern in the files of a glob, each once. */
function found(glob: string, pattern: RegExp): string[] {
  const files = globSync(glob, { cwd: ROOT });
  assert.ok(files.length > 0, glob);
  const texts = files.map((file) => readPage(file));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, named = '']) => named)))].sort();
}

test('the page of the architecture has the rules that the contract of the store proves, and no others', () => {
  assert.deepEqual(found('test/store-contract/*.ts', /['"`]([A-Z]\d) /g), RULES);
});

test('a rule that a comment names is one of them', () => {
  const named = found('src/**/*.{ts,sql}', /(?:\/\*\*|\*|--|\/\/) .*\(([A-Z]\d(?:, [A-Z]\d)*)\)/g).flatMap((codes) =>
    codes.split(', '),
  );
  assert.ok(named.includes('A1'));
  assert.deepEqual(
    named.filter((code) => !RULES.includes(code)),
    [],
  );
});
