import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median, ratio, span, table, whole } from './figures.ts';

describe('figures', () => {
  it('have a middle that does not depend on their order', () => {
    assert.equal(median([9, 10, 1]), 9);
    assert.equal(median([4, 1, 2, 3]), 2.5);
  });

  it('are shown with as many digits as they deserve', () => {
    assert.deepEqual([whole(12_345.6), ratio(0.796), span([3, 1, 2], whole)], ['12,346', '0.80', '1–3']);
  });

  it('stand in columns', () => {
    const rows = [
      ['', 'per second'],
      ['floor', '9'],
    ];
    assert.equal(table(rows), '         per second\n  floor           9\n');
  });
});
