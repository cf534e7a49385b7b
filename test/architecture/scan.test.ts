import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionsOf } from './functions.ts';
import { importsOf } from './imports.ts';
import { scan } from './text.ts';

const OPEN = '$' + '{';

test('strings, comments and regular expressions are blanked where they stand', () => {
  const text = `const a = 'it\\'s'; // it's\nconst b = /["'/]/.test(c) /* " */ / 2;`;
  const { code, literals, comments } = scan(text);
  assert.equal(code, `const a = '     ';        \nconst b =        .test(c)         / 2;`);
  assert.deepEqual(
    literals.map(({ value }) => value),
    ["it\\'s"],
  );
  assert.deepEqual(
    comments.map(({ value }) => value),
    ["it's", '"'],
  );
});

test('code inside a template stays code, however deep', () => {
  const { code, literals } = scan(`\`a${OPEN}{ b: \`${OPEN}c}d\` }}e\`;f`);
  assert.equal(code.replace(/\s+/g, ' '), '` { b: ` c ` } `;f');
  assert.deepEqual(
    literals.map(({ value }) => value),
    ['a', '', 'd', 'e'],
  );
});

test('a scan is as long as its file and keeps its lines', () => {
  const text = '`one\ntwo` /* three\nfour */ five\n';
  const { code } = scan(text);
  assert.equal(code.length, text.length);
  assert.equal(code.split('\n').length, text.split('\n').length);
});

test('every form of import is seen, and whether it is one of types', () => {
  const text = `
    import a, { type b } from 'a';
    import type {
      c,
    } from './c.ts';
    export type * from './d.ts';
    export { e } from "./e.ts";
    import './f.ts';
    const g = await import( './g.ts' );
    const h = import(name);
    const i = new URL(\`./${OPEN}name}.ts\`, import.meta.url);
    const no = [new URL('https://example.com'), Array.from('x'), "import './z.ts'"];`;
  const found = importsOf(scan(text)).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' (type)' : ''}`);
  const expected = ['a', './c.ts (type)', './d.ts (type)', './e.ts', './f.ts', './g.ts', 'null', './'];
  assert.deepEqual(found.sort(), expected.sort());
});

test('functions are measured from their head to their last brace', () => {
  const text = `function one(a: { b: 1 }): { c: 2 } {
}
const two = (a: number) => {
  if (a) {
  }
};
const three = { method(): Promise<{ d: 3 }> {
  for (;;) {
  }
} };
interface Four { method(): { e: 4 } }`;
  assert.deepEqual(
    functionsOf(scan(text)).map(({ line, lines }) => [line, lines]),
    [
      [1, 2],
      [3, 4],
      [7, 4],
    ],
  );
});
