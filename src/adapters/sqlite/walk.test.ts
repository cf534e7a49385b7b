import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Id } from '../../core/ids.ts';
import type { Paging } from '../../ports/store.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import type { Order } from '../sql/order.ts';
import { type IdRange, type List, walk } from './walk.ts';

function idAt(n: number): Id {
  return `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}

/** A list over numbered ids in slices of three, of which only the multiples of `every` are rows. */
function listOf(count: number, every: number): List<Uint8Array> {
  const ids = Array.from({ length: count }, (_, n) => blob(idAt(n))).reverse();
  const within = ({ from, below }: IdRange) =>
    ids.filter((id) => Buffer.compare(id, below) < 0 && Buffer.compare(id, from) >= 0);
  const inWalk = (range: IdRange, order: Order) => (order === 'newest' ? within(range) : within(range).reverse());
  return {
    end: (range, order) => inWalk(range, order)[3] ?? null,
    rows: (range, limit, order) =>
      inWalk(range, order)
        .filter((id) => Number(idOf(id).slice(-12)) % every === 0)
        .slice(0, limit),
  };
}

function walked(list: List<Uint8Array>, query: Paging): readonly Id[] {
  const steps = walk(list, query);
  for (let slices = 0; slices < 50; slices++) {
    const { done, value } = steps.next();
    if (done === true) return value.map(idOf);
  }
  throw new Error('the walk does not end');
}

test('a walk in slices yields the page that one statement over everything would', () => {
  const input = { count: fc.nat(40), every: fc.integer({ min: 1, max: 9 }), limit: fc.nat(12), offset: fc.nat(12) };
  fc.assert(
    fc.property(fc.record(input), ({ count, every, limit, offset }) => {
      const all = Array.from({ length: count }, (_, n) => n).filter((n) => n % every === 0);
      const page = all.reverse().slice(offset, offset + limit);
      assert.deepEqual(walked(listOf(count, every), { limit, offset }), page.map(idAt));
    }),
    { numRuns: 200 },
  );
});

test('a page after an id is the next to it, however many slices are between, and newest first', () => {
  const input = { count: fc.nat(40), every: fc.integer({ min: 1, max: 9 }), limit: fc.nat(12), after: fc.nat(40) };
  fc.assert(
    fc.property(fc.record(input), ({ count, every, limit, after }) => {
      const newer = Array.from({ length: count }, (_, n) => n).filter((n) => n % every === 0 && n > after);
      const page = newer.slice(0, limit).reverse();
      assert.deepEqual(walked(listOf(count, every), { limit, after: idAt(after), offset: 3 }), page.map(idAt));
    }),
    { numRuns: 200 },
  );
});

test('a slice that ends in rows of one id passes all of them', () => {
  const ids = [1, 2, 2, 2, 2, 2, 3].map((n) => blob(idAt(n)));
  const within = ({ from, below }: IdRange) =>
    ids.filter((id) => Buffer.compare(id, below) < 0 && Buffer.compare(id, from) >= 0);
  const list: List<Uint8Array> = { end: (range) => within(range)[1] ?? null, rows: within };
  assert.deepEqual(walked(list, { limit: 9, after: idAt(0) }), [3, 2, 2, 2, 2, 2, 1].map(idAt));
});

test('a page before an id begins below it, whatever the offset', () => {
  assert.deepEqual(walked(listOf(9, 1), { limit: 2, before: idAt(5), offset: 3 }), [idAt(4), idAt(3)]);
});

test('a filter that never matches ends after the last slice', () => {
  assert.deepEqual(walked(listOf(20, 100), { limit: 5, before: idAt(20) }), [idAt(0)]);
});
