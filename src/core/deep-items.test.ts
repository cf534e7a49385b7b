import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { withoutDeepItems } from './deep-items.ts';

const utf8 = new TextEncoder();
const MAX = 3;

/** What is left of a list of items, parsed, and which were taken out. */
function left(items: readonly string[]): [unknown, number[]] {
  const text = utf8.encode(` [${items.join(' , ')}] `);
  const { bytes, deep } = withoutDeepItems(text, { start: 1, end: text.length - 1 }, MAX);
  assert.equal(bytes.length, text.length);
  return [JSON.parse(new TextDecoder().decode(bytes)), [...deep]];
}

describe('items of a list', () => {
  test('that nest too deeply give way to null, and the others stay', () => {
    const fits = '{"a":[[1]]}';
    assert.deepEqual(left([fits, '{"a":[[[1]]]}', '7', '[[[[]]]]', fits]), [
      [{ a: [[1]] }, null, 7, null, { a: [[1]] }],
      [1, 3],
    ]);
  });

  test('are not taken for deep by what stands in their strings', () => {
    const item = { '[[[[': '\\"[[[[{', 'a,]}"': ['x", [[[['] };
    assert.deepEqual(left([JSON.stringify(item)]), [[item], []]);
  });

  test('are told apart by their depth alone', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 6 }), { maxLength: 8 }), (written) => {
        const items: unknown[] = JSON.parse(JSON.stringify(written));
        const deep = items.flatMap((item, at) => (depthOf(item) > MAX ? [at] : []));
        const kept = items.map((item, at) => (deep.includes(at) ? null : item));
        assert.deepEqual(left(items.map((item) => JSON.stringify(item))), [kept, deep]);
      }),
    );
  });
});
