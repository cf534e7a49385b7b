import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { estimatedSize } from './pattern-size.ts';

const sizeOf = (pattern: string) => RE2JS.compile(pattern).programSize();

describe('the size of a pattern', () => {
  const ordinary = [
    '',
    'main',
    '^v\\d+\\.\\d+\\.\\d+$',
    'release/(?:[0-9]{4}-)?[a-z]+',
    '(?i)error|failed|timed out',
    '^refs/(heads|tags)/(?P<name>[^/]{1,40})$',
    '\\Q(a+)*{9}\\E.{3}',
    '[]a[:alpha:]\\]]{20}',
    '\\x{1F600}\\p{Greek}\\pL{5}',
    '(?:a|b|c|d){100}',
    'a{0,200}b{3,}',
    '((a{3}){3}){3}',
  ];
  for (const pattern of ordinary) {
    test(`is about what compiling it says: ${pattern || '(none)'}`, () => {
      const [estimated, real] = [estimatedSize(pattern), sizeOf(pattern)];
      assert.ok(estimated >= real / 2 - 4 && estimated <= 1.5 * real + 4, `${estimated} for ${real}`);
    });
  }

  test('is told without the time that compiling it takes', () => {
    for (const unit of ['(?i)\\pL{999}', '.{1000}', '(a|b){499}', '(?:[^a]{30}){30}', '(?:ab|cd|ef){900}']) {
      assert.ok(estimatedSize(unit.repeat(Math.floor(512 / unit.length))) > 10_000, unit);
    }
  });

  test('is never far below the real one, for whatever is a pattern', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '[ab]',
      '(',
      '(?:',
      ')',
      '|',
      '*',
      '+?',
      '{3}',
      '{2,5}',
      '{4,}',
      '\\d',
      '\\Q',
      '\\E',
      '^',
      '$',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const pattern = pieces.join('');
        const estimated = estimatedSize(pattern);
        const real = tried(pattern);
        assert.ok(real === null || real <= 2 * estimated + 8, `${pattern}: ${estimated} for ${real}`);
      }),
      { numRuns: 300 },
    );
  });

  test('is a number for what is no pattern', () => {
    for (const pattern of [')))', '((((', '[', '\\', '{3}', '(?', '\\p{', '\\Q', '|', '(?P<']) {
      assert.ok(Number.isFinite(estimatedSize(pattern)), pattern);
    }
  });
});

function tried(pattern: string): number | null {
  try {
    return sizeOf(pattern);
  } catch {
    return null;
  }
}
