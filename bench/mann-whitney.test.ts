import assert from 'node:assert/strict';
import test from 'node:test';
import { mannWhitney } from './mann-whitney.ts';

const range = (from: number, count: number) => Array.from({ length: count }, (_, nth) => from + nth);

test('two lots of the same values are told apart by nothing', () => {
  assert.equal(mannWhitney(range(0, 100), range(0, 100)).toFixed(3), '1.000');
  assert.equal(mannWhitney(Array(50).fill(7), Array(60).fill(7)), 1);
});

test('two lots that do not overlap are told apart', () => {
  assert.ok(mannWhitney(range(0, 100), range(100, 100)) < 1e-6);
  assert.ok(mannWhitney(range(100, 100), range(0, 100)) < 1e-6);
});

test('the p-value is that of the tables', () => {
  // U = 4465 of 10,000, variance 100 · 100 · 201 / 12: z = -1.307.
  const shifted = range(0, 100).map((value) => value + 5.5);
  const p = mannWhitney(range(0, 100), shifted);
  assert.equal(p.toFixed(3), '0.191');
  // By hand: ranks 1, 2, 4 of six; U = 1; z = (1 - 4.5) / √5.25.
  assert.equal(mannWhitney([1, 2, 4], [3, 5, 6]).toFixed(4), '0.1266');
});
