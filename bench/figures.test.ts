import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median, medianOf, millis, percentile, ratio, span, table, whole } from './figures.ts';

describe('figures', () => {
  it('have a middle that does not depend on their order', () => {
    assert.equal(median([9, 10, 1]), 9);
    assert.equal(median([4, 1, 2, 3]), 2.5);
  });

  it('have ranks that do not depend on their order', () => {
    const hundred = Array.from({ length: 100 }, (_, nth) => 100 - nth);
    assert.deepEqual([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)], [50, 99, 100]);
    assert.deepEqual([percentile([7], 0.5), percentile([], 0.5)], [7, Number.NaN]);
  });

  it('are missing where the machine does not tell', () => {
    assert.deepEqual([medianOf([null, 3, undefined], whole), medianOf([null], whole)], ['3', '–']);
    const none = percentile([], 0.99);
    assert.deepEqual([millis(none), whole(none), ratio(none / 2), span([1, none], ratio)], ['–', '–', '–', '–']);
  });

  it('are shown with as many digits as they deserve', () => {
    assert.deepEqual([millis(1234), millis(123_456)], ['1.23', '123']);
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
