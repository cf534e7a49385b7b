import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Id } from '../core/ids.ts';
import { turnOf } from './cursor.ts';
import { type Page, type Place, pageOf, readPage } from './page.ts';

interface Row {
  id: Id;
}

function rowAt(n: number): Row {
  return { id: `01994a3c-0000-7000-8000-${String(n).padStart(12, '0')}` };
}

function numberOf({ id }: Row): number {
  return Number(id.slice(-12));
}

function read(rows: Iterable<Row>, place: Place, size: number): Promise<Page<Row>> {
  const asked = { kind: 'asked', place, page: null, size } as const;
  return readPage(
    asked,
    (paging) => pageOf(rows, paging),
    ({ id }) => id,
  );
}

function placeOf(cursor: string): Place {
  const turn = turnOf(cursor);
  assert.ok(turn);
  return turn;
}

const FIRST: Place = { kind: 'offset', rows: 0 };

interface Walk {
  met: readonly number[];
  /** Of what came, that which the walk had not passed yet. */
  ahead: readonly number[];
  last: Page<Row>;
}

/** Follows cursors of one kind to their end; a row, or none, comes between two pages. */
async function walked(
  rows: Set<number>,
  from: Page<Row>,
  kind: 'older' | 'newer',
  coming: (number | null)[],
  size: number,
): Promise<Walk> {
  const met = from.rows.map(numberOf);
  const ahead: number[] = [];
  for (let last = from; ; ) {
    const come = coming.shift() ?? null;
    const cursor = kind === 'older' ? last.meta.nextCursor : last.meta.prevCursor;
    if (cursor === null) return { met, ahead, last };
    if (come !== null && !rows.has(come)) {
      rows.add(come);
      if (kind === 'older' ? come < Math.min(...met) : come > Math.max(...met)) ahead.push(come);
    }
    last = await read([...rows].map(rowAt), placeOf(cursor), size);
    const page = last.rows.map(numberOf);
    assert.deepEqual(
      page,
      page.toSorted((a, b) => b - a),
    );
    met.push(...page);
  }
}

const numbers = fc.uniqueArray(fc.nat(60), { maxLength: 25 });
const coming = fc.array(fc.option(fc.nat(60)), { maxLength: 20 });

test('a walk forth and back meets every row once, those that come ahead of it too', async () => {
  await fc.assert(
    fc.asyncProperty(numbers, coming, coming, fc.integer({ min: 1, max: 5 }), async (made, forth, back, size) => {
      const rows = new Set(made);
      const first = await read([...rows].map(rowAt), FIRST, size);
      assert.equal(first.meta.prevCursor, null);
      const there = await walked(rows, first, 'older', forth, size);
      assert.deepEqual(sorted(there.met), sorted([...new Set([...made, ...there.ahead])]));
      const newer = [...rows].filter((n) => n > Math.max(...there.last.rows.map(numberOf)));
      const again = await walked(rows, there.last, 'newer', back, size);
      const expected = [...there.last.rows.map(numberOf), ...newer, ...again.ahead];
      assert.deepEqual(sorted(again.met), sorted(expected));
    }),
    { numRuns: 300 },
  );
});

function sorted(of: readonly number[]): readonly number[] {
  return of.toSorted((a, b) => a - b);
}

test('each page by its number leads to what the pages beside it hold', async () => {
  const rows = [7, 6, 5, 4, 3, 2, 1].map(rowAt);
  const second = await read(rows, { kind: 'offset', rows: 3 }, 3);
  assert.deepEqual(second.rows.map(numberOf), [4, 3, 2]);
  const [older, newer] = [second.meta.nextCursor ?? '', second.meta.prevCursor ?? ''];
  assert.deepEqual((await read(rows, placeOf(older), 3)).rows.map(numberOf), [1]);
  assert.deepEqual((await read(rows, placeOf(newer), 3)).rows.map(numberOf), [7, 6, 5]);
});

test('a page beyond the last leads back to the last rows, and nowhere where there are none', async () => {
  const rows = [3, 2, 1].map(rowAt);
  const beyond = await read(rows, { kind: 'offset', rows: 6 }, 2);
  assert.deepEqual([beyond.rows, beyond.meta.nextCursor], [[], null]);
  assert.deepEqual((await read(rows, placeOf(beyond.meta.prevCursor ?? ''), 2)).rows.map(numberOf), [2, 1]);
  assert.equal((await read([], { kind: 'offset', rows: 6 }, 2)).meta.prevCursor, null);
});

test('where all on one side is gone, nothing leads there; from an empty page what is left is met again', async () => {
  const [three, two, one] = [rowAt(3), rowAt(2), rowAt(1)];
  const older: Place = { kind: 'older', than: two.id };
  const newer: Place = { kind: 'newer', than: two.id };
  assert.equal((await read([one], older, 2)).meta.prevCursor, null);
  assert.equal((await read([three], newer, 2)).meta.nextCursor, null);
  const bottom = await read([three, two], older, 1);
  assert.deepEqual((await read([three, two], placeOf(bottom.meta.prevCursor ?? ''), 1)).rows, [two]);
  const top = await read([two, one], newer, 1);
  assert.deepEqual((await read([two, one], placeOf(top.meta.nextCursor ?? ''), 1)).rows, [two]);
  assert.deepEqual([bottom.rows, top.rows], [[], []]);
});

test('a first page asks once, and one that a cursor led to asks for one row more', async () => {
  const asked: unknown[] = [];
  for (const place of [FIRST, { kind: 'older', than: rowAt(3).id }, { kind: 'newer', than: rowAt(1).id }] as const) {
    const rows = [3, 2, 1].map(rowAt);
    const note = (paging: Parameters<typeof pageOf>[1]) => {
      asked.push(paging);
      return pageOf(rows, paging);
    };
    await readPage({ kind: 'asked', place, page: null, size: 1 }, note, ({ id }) => id);
  }
  assert.deepEqual(asked, [
    { offset: 0, limit: 2 },
    { before: rowAt(3).id, limit: 2 },
    { after: rowAt(2).id, limit: 1 },
    { after: rowAt(1).id, limit: 2 },
    { before: rowAt(2).id, limit: 1 },
  ]);
});
