import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPage } from './page.ts';

/** Types of what is named, not a choice of their own. */
const IMPLIED = ['@types/node', '@types/pg'];

test('the decision on dependencies names every one, each on its side', () => {
  const [forUsers = '', forUs = ''] = readPage('docs/decisions/0001-dependencies.md').split('| development only |');
  const { dependencies, devDependencies } = JSON.parse(readPage('package.json')) as Record<string, object>;
  assert.deepEqual(namedIn(forUsers), Object.keys(dependencies ?? {}).sort());
  assert.deepEqual([...namedIn(forUs), ...IMPLIED].sort(), Object.keys(devDependencies ?? {}).sort());
});

/** Names in the first column of a table. */
function namedIn(text: string): string[] {
  const cells = [...text.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)).sort();
}
