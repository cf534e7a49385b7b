import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPage } from './page.ts';
import { referencePages } from './reference.ts';

for (const [path, page] of Object.entries(referencePages)) {
  test(`${path} has every row of its table in the program's own words, and no other`, () => {
    assert.equal(readPage(path), page(), 'run `node test/docs/write.ts`');
  });
}
