import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { append, type Chain, createChain, type Link, unlink } from './chain.ts';

interface Bead extends Link<Bead> {
  name: number;
}

test('those who join stand in the order they joined, whoever leaves or joins again', () => {
  const step = fc.record({ name: fc.nat(7), leaves: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const chain = createChain<Bead>();
      const beads = Array.from({ length: 8 }, (_, name) => bead(name));
      let expected: number[] = [];
      for (const { name, leaves } of steps) {
        const chosen = beads[name] as Bead;
        expected = expected.filter((other) => other !== name);
        if (leaves) unlink(chosen);
        else append(chain, chosen);
        if (!leaves) expected.push(name);
        assert.deepEqual(names(chain), expected);
        assert.equal(chain.tail?.name, expected.at(-1));
        assert.equal(chosen.chain, leaves ? null : chain);
      }
    }),
    { numRuns: 100 },
  );
});

test('joining another chain leaves the first', () => {
  const one = createChain<Bead>();
  const other = createChain<Bead>();
  const moved = bead(1);
  append(one, bead(0));
  append(one, moved);
  append(other, moved);
  assert.deepEqual([names(one), names(other)], [[0], [1]]);
});

function bead(name: number): Bead {
  return { chain: null, before: null, after: null, name };
}

function names(chain: Chain<Bead>): number[] {
  const found: number[] = [];
  for (let at = chain.head; at !== null; at = at.after) {
    assert.equal(at.before?.name, found.at(-1));
    found.push(at.name);
  }
  return found;
}
