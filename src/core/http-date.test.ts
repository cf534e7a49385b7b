import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { httpDateMs } from './http-date.ts';

const NOW = Date.UTC(2026, 0, 9);
const THEN = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('a date of HTTP', () => {
  for (const text of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) {
    test(`is read in each form of RFC 9110: ${text}`, () => assert.equal(httpDateMs(text, NOW), THEN));
  }

  test('of two digits lies within fifty years of now', () => {
    assert.equal(httpDateMs('Friday, 09-Jan-26 00:00:00 GMT', NOW), NOW);
    assert.equal(httpDateMs('Thursday, 09-Jan-76 00:00:00 GMT', NOW), Date.UTC(2076, 0, 9));
    assert.equal(httpDateMs('Sunday, 09-Jan-77 00:00:00 GMT', NOW), Date.UTC(1977, 0, 9));
    assert.equal(httpDateMs('Sunday, 09-Jan-05 00:00:00 GMT', Date.UTC(2080, 0, 1)), Date.UTC(2105, 0, 9));
  });

  test('may name a leap second, which is the last one of its minute', () => {
    assert.equal(httpDateMs('Sat, 31 Dec 2016 23:59:60 GMT', NOW), Date.UTC(2016, 11, 31, 23, 59, 59));
  });

  const others = [
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 2026 08:49:37 GMT',
    'Sunday, 06 Nov 1994 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    '1994-11-06T08:49:37Z',
    '',
  ];
  for (const text of others) {
    test(`is no other text: "${text}"`, () => assert.equal(httpDateMs(text, NOW), null));
  }

  test('is what every program prints for a time', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), (date) => {
        assert.equal(httpDateMs(date.toUTCString(), NOW), Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });
});
