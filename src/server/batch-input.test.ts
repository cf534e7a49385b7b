import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBatch } from './batch-input.ts';

const MEBIBYTE = 1_048_576;
const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 0]));

test('an event of a batch that holds too many members or values is refused alone, with its place', () => {
  const data = [1, members(50_000), members(49_998), Array(250_001).fill(0), Array(249_000).fill(0)];
  const body = JSON.stringify({ events: data.map((one) => ({ type: 'a', data: one })) });
  const batch = readBatch(new TextEncoder().encode(body), MEBIBYTE);
  assert.ok(batch.kind === 'batch');
  assert.deepEqual(
    batch.items.map((item) => (item.kind === 'problem' ? [item.code, item.errors?.[0]?.pointer] : 'taken')),
    ['taken', ['json_too_many', '/events/1/data'], 'taken', ['json_too_many', '/events/3/data'], 'taken'],
  );
});
