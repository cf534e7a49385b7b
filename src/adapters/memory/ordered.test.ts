import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createOrdered } from './ordered.ts';

const changes = fc.array(fc.record({ key: fc.nat(600), drop: fc.boolean() }, { noNullPrototype: true }), {
  maxLength: 1500,
  size: 'max',
});

test('an ordered map holds what was set last and walks it both ways from any key', () => {
  fc.assert(
    fc.property(changes, fc.nat(600), (steps, from) => {
      const ordered = createOrdered<number, string>((a, b) => a - b);
      const known = new Map<number, string>();
      for (const [turn, { key, drop }] of steps.entries()) {
        if (drop) assert.equal(ordered.delete(key), known.delete(key));
        else ordered.set(key, `${key} ${turn}`);
        if (!drop) known.set(key, `${key} ${turn}`);
      }
      const sorted = [...known].sort(([a], [b]) => a - b);
      const valuesOf = (entries: typeof sorted) => entries.map(([, value]) => value);
      assert.equal(ordered.size, known.size);
      assert.equal(ordered.get(from), known.get(from));
      assert.deepEqual([...ordered.after(null)], valuesOf(sorted));
      assert.deepEqual([...ordered.before(null)], valuesOf(sorted).toReversed());
      assert.deepEqual([...ordered.after(from)], valuesOf(sorted.filter(([key]) => key > from)));
      assert.deepEqual([...ordered.before(from)], valuesOf(sorted.filter(([key]) => key < from)).toReversed());
    }),
    { numRuns: 100 },
  );
});

test('an ordered map keeps its order when its runs are split by many ascending keys', () => {
  const ordered = createOrdered<number, number>((a, b) => a - b);
  for (let key = 0; key < 2000; key++) ordered.set(key, key);
  assert.deepEqual([...ordered.after(1500).take(3)], [1501, 1502, 1503]);
  assert.deepEqual([...ordered.before(700).take(3)], [699, 698, 697]);
});
