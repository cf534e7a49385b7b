import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, forgetIdle, nextStartMs, type TrafficBook, trafficOf } from './traffic.ts';

const MINUTE_MS = 60_000;

test('what was not used for long is forgotten, unless it is needed', () => {
  const book: TrafficBook = new Map();
  begin(trafficOf(book, 'a', null), 0, false);
  begin(trafficOf(book, 'b', null), 0, false);
  forgetIdle(book, 9 * MINUTE_MS, () => false);
  assert.equal(book.size, 2);
  forgetIdle(book, 11 * MINUTE_MS, (id) => id === 'b');
  assert.deepEqual([...book.keys()], ['b']);
});

test('what a limit counts over an hour is remembered for an hour', () => {
  const book: TrafficBook = new Map();
  const config = { rateLimit: { count: 1, seconds: 3600 } };
  begin(trafficOf(book, 'a', config), 0, false);
  forgetIdle(book, 30 * MINUTE_MS, () => false);
  assert.ok(nextStartMs(trafficOf(book, 'a', config), 30 * MINUTE_MS) >= 60 * MINUTE_MS);
});

test('a limit that is lifted lets the next one start at once', () => {
  const book: TrafficBook = new Map();
  begin(trafficOf(book, 'a', { rateLimit: { count: 1, seconds: 3600 } }), 0, false);
  assert.equal(nextStartMs(trafficOf(book, 'a', { rateLimit: null }), 1000), 1000);
});
