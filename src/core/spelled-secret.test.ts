import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskSpelled } from './spelled-secret.ts';

const KEY = '3f2a9c51-0b7e-4d1c-9a64-c0ffee123456';
const AWKWARD = 'a /"b"\\ wörd+😀 of ours\n';

/** As senders write a text into others. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  encodeURIComponent,
  (text) => String(new URLSearchParams({ text })).slice('text='.length),
  (text) => encodeURIComponent(JSON.stringify(text).slice(1, -1)),
  (text) => encodeURIComponent(text).toLowerCase(),
  (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  (text) => Array.from({ length: text.length }, (_, at) => `\\u${unit(text, at)}`).join(''),
  (text) => Array.from({ length: text.length }, (_, at) => `%5Cu${unit(text, at).toUpperCase()}`).join(''),
  (text) => Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
];

function unit(text: string, at: number): string {
  return text.charCodeAt(at).toString(16).padStart(4, '0');
}

test('a long secret is hidden inside whatever text it stands in, however it is spelled', () => {
  for (const secret of [KEY, AWKWARD]) {
    for (const spell of SPELLINGS) {
      const text = `url=https://h.example/api/webhook/${spell(secret)}?token=${spell(secret)}&x`;
      const shown = maskSpelled(text, ['another secret that is long', secret]);
      assert.equal(shown, 'url=https://h.example/api/webhook/[redacted]?token=[redacted]&x', text);
    }
  }
});

test('one that is cut off at the end is hidden from the eighth character on, wherever the cut is', () => {
  for (const secret of [KEY, AWKWARD]) {
    for (const spell of SPELLINGS) {
      const eight = spell(Array.from(secret).slice(0, 8).join(''));
      const spelled = spell(secret);
      for (let end = eight.length; end < spelled.length; end++) {
        assert.equal(maskSpelled(`at ${spelled.slice(0, end)}`, [secret]), 'at [redacted]', spelled.slice(0, end));
      }
    }
  }
  assert.equal(maskSpelled('at 3f2a9c5', [KEY]), 'at 3f2a9c5');
});

test('a short secret could be a word of any text, and is left alone', () => {
  assert.equal(maskSpelled('a password is a password', ['password', '']), 'a password is a password');
  assert.equal(maskSpelled('fifteen bytes..', ['fifteen bytes..']), 'fifteen bytes..');
  assert.equal(maskSpelled('sixteen bytes...', ['sixteen bytes...']), '[redacted]');
});

test('nothing else changes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 16 }), (text, secret) => {
      fc.pre(!text.includes(secret.slice(0, 8)));
      assert.equal(maskSpelled(text, [secret]), text);
      assert.ok(!maskSpelled(`${text}${secret}${text}`, [secret]).includes(secret));
    }),
    { numRuns: 100 },
  );
});
