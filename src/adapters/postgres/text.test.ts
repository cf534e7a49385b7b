import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainText, storedText } from './text.ts';

const texts = fc.string({ unit: fc.constantFrom('\u0000', '\u0001', '\u0002', 'a', 'é') });

test('every text comes back as it was, and none is stored with a NUL', () => {
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(plainText(storedText(text)), text);
      assert.equal(storedText(text).includes('\u0000'), false);
    }),
    { numRuns: 300 },
  );
});

test('stored texts have the order of the texts', () => {
  fc.assert(
    fc.property(texts, texts, (a, b) => assert.equal(storedText(a) < storedText(b), a < b)),
    { numRuns: 300 },
  );
});
