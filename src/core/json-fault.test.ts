import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { locateFault } from './json-fault.ts';

it('names the place and what was expected there', () => {
  const cases: [text: string, at: number, expected: RegExp][] = [
    ['', 0, /^a value$/],
    ['{', 1, /name in double quotes or }/],
    ['{"a" 1}', 5, /^:$/],
    ['{"a":}', 5, /^a value$/],
    ['{"a":1,}', 7, /^a name in double quotes$/],
    ['{"a":1 "b"}', 7, /^, or }$/],
    ['[1,]', 3, /^a value$/],
    ['[1}', 2, /^, or ]$/],
    ['[01]', 1, /^a value or ]$/],
    ['[1] 2', 4, /end of the text/],
    ['["a\nb"]', 3, /control characters/],
    ['["a\u001fb"]', 3, /control characters/],
    ['["\\x"]', 2, /escape/],
    ['["abc', 5, /closing double quote/],
    ["{'a':1}", 1, /name in double quotes/],
    ['truth', 0, /^a value$/],
  ];
  for (const [text, at, expected] of cases) {
    const fault = locateFault(text);
    assert.equal(fault?.at, at, text);
    assert.match(fault.expected, expected, text);
  }
});

it('finds a fault in a text exactly when JSON.parse does', () => {
  const mark = fc.constantFrom(...'{}[],:" \n\\u09-+.eEtrue'.split(''), '"a"', '1', 'null', '\\n', '\u0001');
  const broken = fc.tuple(fc.json(), fc.nat(), mark).map(([text, at, extra]) => {
    const cut = at % (text.length + 1);
    return text.slice(0, cut) + extra + text.slice(cut + 1);
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        broken,
        fc.array(mark, { maxLength: 12 }).map((marks) => marks.join('')),
      ),
      (text) => {
        assert.equal(locateFault(text) === null, isJson(text), text);
      },
    ),
    { numRuns: 300 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
