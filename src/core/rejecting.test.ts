import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Outcome } from './receipt.ts';
import { type Rejecting, rejectingEvent, rejectingOf, rejectingWarning } from './rejecting.ts';

/** One letter for each receipt, newest first: `r`ejected, `p`roved, `a`ccepted once it proved itself, `f`orced in. */
const MEANING: Readonly<Record<string, readonly [ok: boolean, outcome: Outcome, reason: string | null]>> = {
  r: [false, 'rejected', 'mismatch'],
  m: [false, 'rejected', 'missing_header'],
  p: [true, 'duplicate', null],
  a: [true, 'ignored', 'accepted by key 1'],
  f: [false, 'ignored', 'mismatch; accepted all the same by key 1'],
};

function rowOf(letters: string): Rejecting | null {
  return rejectingOf(
    [...letters].map((letter, at) => {
      const [ok, outcome, reason] = MEANING[letter] ?? assert.fail(letter);
      return { id: `${letter}${at}`, receivedAtMs: 1000 - at, outcome, verdict: { ok, scheme: 'hmac-sha256', reason } };
    }),
  );
}

describe('a row of rejected requests', () => {
  const rows: readonly [letters: string, rejected: number | null, after: string | null][] = [
    ['', null, null],
    ['rrrr', null, null],
    ['rrrrr', 5, null],
    ['rrrrrrpr', 6, 'p6'],
    ['prrrrrr', null, null],
    ['rrrprrrr', null, null],
    ['rrrrrarrrrr', 5, 'a5'],
    ['frrrfrrp', 5, 'p7'],
    ['rrrrf', null, null],
  ];
  for (const [letters, rejected, after] of rows) {
    test(`is seen in ${letters || 'nothing'}: ${rejected ?? 'none'}`, () => {
      const row = rowOf(letters);
      assert.deepEqual(row && [row.rejected, row.after], rejected === null ? null : [rejected, after]);
    });
  }

  test('goes back to the oldest that is kept, and says why the latest was rejected', () => {
    assert.deepEqual(rowOf('mrrrrrrp'), { rejected: 7, sinceMs: 994, reason: 'missing_header', after: 'p7' });
  });
});

const SOURCE = { id: '7', name: 'CI', type: 'native' } as const;
const ROW: Rejecting = { rejected: 5, sinceMs: 0, reason: 'mismatch', after: 'p5' };

describe('the news of it', () => {
  test('has the same id however the row has grown or lost its beginning, and another one for another row', () => {
    const { id, data } = rejectingEvent(SOURCE, ROW);
    assert.deepEqual(data, { source: SOURCE, rejected: 5, since: '1970-01-01T00:00:00.000Z', reason: 'mismatch' });
    assert.equal(rejectingEvent(SOURCE, { ...ROW, rejected: 500, sinceMs: 9, reason: 'missing_header' }).id, id);
    const others = [
      { ...ROW, after: 'p6' },
      { ...ROW, after: null },
    ].map((row) => rejectingEvent(SOURCE, row).id);
    assert.equal(new Set([id, ...others, rejectingEvent({ ...SOURCE, id: '8' }, ROW).id]).size, 4);
  });
});

describe('the warning of it', () => {
  test('says what to do, by the reason where that is enough', () => {
    const remedy = (reason: string) => rejectingWarning(SOURCE, { ...ROW, reason }).remedy;
    assert.match(remedy('address_not_allowed'), /ipAllowList/);
    assert.match(remedy('secret_unavailable'), /secretRef/);
    assert.match(remedy('mismatch'), /sourceId=7&outcome=rejected.*diagnosis/);
  });
});
