import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isTimeZone, readTime } from './times.ts';

const NOW_MS = Date.UTC(2026, 5, 1);
const MARCH = Date.UTC(2024, 2, 10, 6, 4, 46);

test('unix seconds, whole or not, and milliseconds are told apart by size', () => {
  assert.deepEqual(readTime(1_710_050_686, null, NOW_MS), { timeMs: MARCH, format: 'unix s' });
  assert.deepEqual(readTime(1.710050686e9, null, NOW_MS), { timeMs: MARCH, format: 'unix s' });
  assert.equal(readTime(1_710_050_686.25, null, NOW_MS)?.timeMs, MARCH + 250);
  assert.deepEqual(readTime(1_710_050_686_057, null, NOW_MS), { timeMs: MARCH + 57, format: 'unix ms' });
});

test('ISO texts of every sender give the same instant', () => {
  for (const text of [
    '2024-03-10T06:04:46Z',
    '2024-03-10t06:04:46z',
    '2024-03-10 06:04:46 UTC',
    '2024-03-10T07:04:46+0100',
    '2024-03-10T07:04:46+01:00',
    '2024-03-10T07:04:46+01',
    '2024-03-09T22:34:46.000-07:30',
  ]) {
    assert.deepEqual(readTime(text, null, NOW_MS), { timeMs: MARCH, format: 'iso' }, text);
  }
});

test('fractions of 1 to 9 digits are cut to milliseconds', () => {
  for (const [digits, ms] of [
    ['5', 500],
    ['057', 57],
    ['3437612', 343],
    ['999999999', 999],
  ] as const) {
    assert.equal(readTime(`2024-03-10T06:04:46.${digits}Z`, null, NOW_MS)?.timeMs, MARCH + ms);
  }
});

test('a time without a zone counts only with the zone of the source', () => {
  const text = '2024-07-10T08:00:00';
  assert.equal(readTime(text, null, NOW_MS), null);
  assert.equal(readTime(text, 'Not/AZone', NOW_MS), null);
  const read = { timeMs: Date.UTC(2024, 6, 10, 6), format: 'iso, zone of the source' };
  assert.deepEqual(readTime(text, 'Europe/Berlin', NOW_MS), read);
  assert.deepEqual(readTime(text, '+02:00', NOW_MS), read);
  assert.equal(readTime('2024-01-10T08:00:00', 'Europe/Berlin', NOW_MS)?.timeMs, Date.UTC(2024, 0, 10, 7));
  assert.equal(readTime('2024-07-10T08:00:00Z', 'Europe/Berlin', NOW_MS)?.timeMs, Date.UTC(2024, 6, 10, 8));
});

test('the last hour before and the first after a change of clocks are read with their own offset', () => {
  const zone = 'America/New_York';
  assert.equal(readTime('2024-03-10 01:30:00', zone, NOW_MS)?.timeMs, Date.UTC(2024, 2, 10, 6, 30));
  assert.equal(readTime('2024-03-10 03:30:00', zone, NOW_MS)?.timeMs, Date.UTC(2024, 2, 10, 7, 30));
});

test('numbers before 2010, dates before 2000 and what is more than a day ahead are not believed', () => {
  const day = 86_400_000;
  assert.equal(readTime(NOW_MS + day, null, NOW_MS)?.timeMs, NOW_MS + day);
  assert.equal(readTime(NOW_MS + day + 1, null, NOW_MS), null);
  for (const unit of [1, 1000]) {
    assert.equal(readTime(Date.UTC(2010, 0, 1) / unit - 1, null, NOW_MS), null);
    assert.equal(readTime(Date.UTC(2010, 0, 1) / unit, null, NOW_MS)?.timeMs, Date.UTC(2010, 0, 1));
  }
  assert.equal(readTime('1999-12-31T23:59:59Z', null, NOW_MS), null);
  assert.equal(readTime('2000-01-01T00:00:00Z', null, NOW_MS)?.timeMs, Date.UTC(2000, 0, 1));
  assert.equal(readTime(0, null, NOW_MS), null);
});

test('dates that do not exist and half-dates are no times', () => {
  for (const value of [
    '2025-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:00+15:00',
    '2024-01-01',
    '1710050686',
    'today',
    '',
    null,
    true,
    {},
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ]) {
    assert.equal(readTime(value, '+00:00', NOW_MS), null, String(value));
  }
  assert.notEqual(readTime('2024-02-29T00:00:00Z', null, NOW_MS), null);
});

test('zones are IANA names or offsets', () => {
  for (const zone of ['UTC', 'Europe/Berlin', '+02:00', '-0330', 'Z']) assert.equal(isTimeZone(zone), true, zone);
  for (const zone of ['', 'Berlin/Europe', '+25:00', '02:00']) assert.equal(isTimeZone(zone), false, zone);
});

test('no value makes the reader of times throw', () => {
  fc.assert(
    fc.property(fc.anything(), fc.option(fc.string()), (value, zone) => {
      const read = readTime(value, zone, NOW_MS);
      assert.ok(read === null || Number.isInteger(read.timeMs));
    }),
    { numRuns: 300 },
  );
});
