import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../core/problem.ts';
import { readEvent } from './event-input.ts';
import { MAX_ERRORS, readFields } from './fields.ts';
import { eventInput } from './schemas/event.ts';
import { subscriptionInput } from './schemas/subscription.ts';

const event = { type: 'a', data: 1 };
const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 0]));

function errorsOf(read: { kind: string; errors?: readonly FieldError[] }): readonly FieldError[] {
  assert.equal(read.kind, 'problem');
  return read.errors ?? [];
}

test('of many wrong fields the first hundred are named', () => {
  for (const body of [
    { ...event, ...members(500) },
    { ...event, headers: members(500) },
  ]) {
    assert.equal(errorsOf(readFields(eventInput, body)).length, MAX_ERRORS);
    assert.equal(errorsOf(readEvent(body)).length, MAX_ERRORS);
  }
});

test('lists and maps far too long are refused without a look at what they hold', () => {
  const tags = { ...event, tags: Array(10_000).fill('') };
  assert.deepEqual(errorsOf(readEvent(tags)), [{ pointer: '/tags', message: 'At most 32 items.' }]);
  assert.deepEqual(errorsOf(readFields(eventInput, tags)), errorsOf(readEvent(tags)));
  const subscription = { url: 'https://a.b', metadata: members(1001) };
  const rule = { field: 'data.a', operator: 'in', value: Array(1001).fill([]) };
  assert.deepEqual(errorsOf(readFields(subscriptionInput, { ...subscription, filters: [rule] })), [
    { pointer: '/metadata', message: 'At most 1000 members.' },
    {
      pointer: '/filters/0/value',
      message: 'A string, number, true, false, null, or a list of at most 1000 of these.',
    },
  ]);
});
