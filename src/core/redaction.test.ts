import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { finder, redacted } from './redaction.ts';
import { utf8 } from './signature/encoding.ts';

/** Hides texts, learnt once. */
function redactor(texts: readonly Uint8Array[]): (bytes: Uint8Array, isCut: boolean) => Uint8Array {
  const find = finder(() => texts);
  return (bytes, isCut) => redacted(bytes, [find], isCut);
}

function shown(text: string, texts: readonly string[], isCut = false): string {
  return Buffer.from(redactor(texts.map(utf8))(utf8(text), isCut)).toString();
}

test('a text is hidden wherever it stands, and nothing else is', () => {
  assert.equal(shown('a hush, hushhush. hus', ['hush']), 'a [redacted], [redacted]. hus');
  assert.equal(shown('no such thing', ['hush']), 'no such thing');
  assert.equal(shown('anything', []), 'anything');
});

test('texts that overlap, or stand in one another, leave nothing of each other', () => {
  assert.equal(shown('<abcdef>', ['abcd', 'cdef']), '<[redacted]>');
  assert.equal(shown('<abcd> <bc>', ['abcd', 'bc']), '<[redacted]> <[redacted]>');
  assert.equal(shown('<aaaaab>', ['aaab']), '<aa[redacted]>');
  assert.equal(shown('<abcx>', ['abcy', 'bc']), '<a[redacted]x>');
});

test('what a cut left of a text is hidden, and only where there is a cut', () => {
  for (const left of ['hush', 'hushe', 'hushed'])
    assert.equal(shown(`say ${left}`, ['hushed'], true), 'say [redacted]');
  assert.equal(shown('say hushe', ['hushed']), 'say hushe');
  assert.equal(shown('say hushush', ['hushed'], true), 'say hus[redacted]');
  assert.equal(shown('say hushy', ['hushed'], true), 'say hushy');
});

test('what a cut left of a text is shown where it is shorter than four bytes, as the ends of many words are', () => {
  for (const left of ['h', 'hu', 'hus']) assert.equal(shown(`say ${left}`, ['hushed'], true), `say ${left}`);
});

test('bytes that are no text are kept as they are', () => {
  const bytes = Uint8Array.of(0xff, 0, 0xfe, 0x68, 0x69);
  assert.equal(redactor([utf8('hush')])(bytes, false), bytes);
  assert.deepEqual([...redactor([utf8('hi')])(bytes, false).subarray(0, 3)], [0xff, 0, 0xfe]);
});

test('the texts are asked for once, however much they are looked for, and never where nothing is', () => {
  let reads = 0;
  const find = finder(() => {
    reads++;
    return [utf8('hush')];
  });
  assert.equal(reads, 0);
  for (const bytes of ['a hush', 'hush', 'none'].map(utf8)) redacted(bytes, [find], false);
  assert.equal(reads, 1);
});

test('texts that are looked for apart leave nothing of each other either', () => {
  const finds = [
    ['abcd', 'xy'],
    ['cdef', 'abcdefgh'],
  ].map((texts) => finder(() => texts.map(utf8)));
  const hidden = (text: string, isCut = false) => Buffer.from(redacted(utf8(text), finds, isCut)).toString();
  assert.equal(hidden('<abcdef> xyabcdefgh'), '<[redacted]> [redacted]');
  assert.equal(hidden('<xy> abcdefg', true), '<[redacted]> [redacted]');
});

test('what is shown is what a search for each text by itself leaves', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 });
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(text, texts, (whole, secrets) => {
      const hidden = Array.from(whole, () => false);
      for (const secret of secrets) {
        for (let at = whole.indexOf(secret); at !== -1; at = whole.indexOf(secret, at + 1)) {
          hidden.fill(true, at, at + secret.length);
        }
      }
      const marked = Array.from(whole, (char, at) => (hidden[at] ? '#' : char)).join('');
      assert.equal(shown(whole, secrets), marked.replaceAll(/#+/g, '[redacted]'));
    }),
    { numRuns: 300 },
  );
});
