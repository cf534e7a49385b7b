import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cursorOf, type Turn, turnOf } from './cursor.ts';

const turn: fc.Arbitrary<Turn> = fc.record(
  { kind: fc.constantFrom('older', 'newer'), than: fc.uuid() },
  { noNullPrototype: true },
);

test('a cursor says its turn, and the two of one id differ', () => {
  fc.assert(
    fc.property(turn, (made) => {
      const { kind, than } = made;
      assert.deepEqual(turnOf(cursorOf(made)), made);
      assert.notEqual(cursorOf(made), cursorOf({ kind: kind === 'older' ? 'newer' : 'older', than }));
      assert.match(cursorOf(made), /^[A-Za-z0-9_-]+$/);
    }),
    { numRuns: 200 },
  );
});

test('a cursor that lost or won a letter at one of its ends is none', () => {
  fc.assert(
    fc.property(turn, fc.constantFrom(...'AQgwBz09-_=+/. '), (made, letter) => {
      const cursor = cursorOf(made);
      for (const broken of [`${cursor}${letter}`, cursor.slice(1), cursor.slice(0, -1), `${letter}${cursor}`]) {
        assert.equal(turnOf(broken), null, broken);
      }
    }),
    { numRuns: 300 },
  );
});
