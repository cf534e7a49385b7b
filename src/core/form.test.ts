import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formBody } from './form.ts';

const utf8 = new TextEncoder();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('a form is the name payload and the JSON, percent-encoded', () => {
  assert.equal(text(formBody(utf8.encode('{"zen": "a+b é"}'))), 'payload=%7B%22zen%22%3A+%22a%2Bb+%C3%A9%22%7D');
});

test('any text that is sent as a form is read back by a form parser, under one name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (json) => {
      const body = text(formBody(utf8.encode(json)));
      assert.match(body, /^payload=[A-Za-z0-9._%+-]*$/);
      assert.deepEqual([...new URLSearchParams(body)], [['payload', json.toWellFormed()]]);
    }),
  );
});
