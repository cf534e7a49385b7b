import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceFrom } from './shown.ts';

test('a document may leave fields, ends of lists and changing texts out', () => {
  const actual = { id: 'a1', list: [1, 2], more: { url: 'http://h/x' } };
  assert.equal(differenceFrom({ id: '…', list: [1], more: { url: 'http://…/x' } }, actual), null);
});

test('what a document shows and is not there is named by its path', () => {
  const actual = { list: [{ a: 1 }], n: 1 };
  assert.equal(differenceFrom({ list: [{ a: 2 }] }, actual), '$.list.0.a is 1');
  assert.equal(differenceFrom({ missing: null }, actual), '$.missing is undefined');
  assert.equal(differenceFrom({ n: '…' }, actual), '$.n is 1');
  assert.equal(differenceFrom({ list: [{}, {}] }, actual), '$.list.1 is undefined');
  assert.equal(differenceFrom({ n: { a: 1 } }, actual), '$.n is 1');
});
