import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldError, Problem } from '../core/problem.ts';
import { readEvent } from './event-input.ts';
import { readFields } from './fields.ts';
import { eventInput } from './schemas/event.ts';

const good = { type: 'deployment.completed', data: { a: 1 } };

/** Bodies and what is wrong with them: pointers in order. */
const BAD: readonly [body: Record<string, unknown>, ...pointers: string[]][] = [
  [{}, '/data', '/type'],
  [{ type: 'a.b' }, '/data'],
  [{ ...good, type: 7 }, '/type'],
  [{ ...good, type: 'a..b' }, '/type'],
  [{ ...good, type: 'x'.repeat(65) }, '/type'],
  [{ ...good, type: 'subscription.disabled' }, '/type'],
  [{ ...good, type: 'source.rejecting' }, '/type'],
  [{ ...good, type: 'source. ' }, '/type'],
  [{ ...good, id: '' }, '/id'],
  [{ ...good, id: 'x'.repeat(129), orderingKey: 5 }, '/id', '/orderingKey'],
  [{ ...good, id: null }, '/id'],
  [{ ...good, id: 's\ud800', orderingKey: '\udfffk' }, '/id', '/orderingKey'],
  [{ ...good, tags: ['a', '\ud83d'] }, '/tags/1'],
  [{ ...good, headers: JSON.parse('{"__proto__": "a"}') }, '/headers/__proto__'],
  [{ ...good, owner: 'org' }, '/owner'],
  [{ ...good, owner: 7 }, '/owner'],
  [{ ...good, occurredAt: '2026-02-30T00:00:00Z' }, '/occurredAt'],
  [{ ...good, occurredAt: '2026-13-45T99:00:00Z' }, '/occurredAt'],
  [{ ...good, occurredAt: '2026-01-01 00:00' }, '/occurredAt'],
  [{ ...good, occurredAt: 1_700_000_000 }, '/occurredAt'],
  [{ ...good, tags: 'a' }, '/tags'],
  [{ ...good, tags: ['', 1, 'x'.repeat(101)] }, '/tags/0', '/tags/1', '/tags/2'],
  [{ ...good, tags: Array.from({ length: 33 }, () => 'a') }, '/tags'],
  [{ ...good, headers: [] }, '/headers'],
  [{ ...good, headers: null }, '/headers'],
  [{ ...good, headers: { a: 1, 'b/c': 2 } }, '/headers/a', '/headers/b~1c'],
  [{ ...good, headers: { 'X-A': 'one\r\nX-B: two' } }, '/headers/X-A'],
  [{ ...good, headers: { 'X~/Y': 'a' } }, '/headers/X~0~1Y'],
  [{ ...good, headers: { Host: 'a' } }, '/headers/Host'],
  [{ ...good, headers: { 'Webhook-Id': 'a' } }, '/headers/Webhook-Id'],
  [{ ...good, headers: { 'X-A': 'a', 'x-a': 'b' } }, '/headers/x-a'],
  [{ ...good, headers: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`x-${at}`, 'a'])) }, '/headers'],
  [{ ...good, headers: { 'X-A': 'a'.repeat(4096), 'X-B': 'b'.repeat(4096) } }, '/headers'],
  [{ ...good, headers: { 'X-A': '[redacted]' } }, '/headers/X-A'],
  [{ ...good, headers: { 'Content-Encoding': 'gzip' } }, '/headers/Content-Encoding'],
  [{ ...good, colour: 'red', 'a/b': 1 }, '/a~1b', '/colour'],
];

function sorted(outcome: Problem | { kind: string }): readonly FieldError[] {
  const errors = 'errors' in outcome ? (outcome.errors ?? []) : [];
  return [...errors].sort((a, b) => (a.pointer < b.pointer ? -1 : 1));
}

test('each wrong field of an event is named, all at once', () => {
  for (const [body, ...pointers] of BAD) {
    const found = sorted(readEvent(body)).map(({ pointer }) => pointer);
    assert.deepEqual(found, pointers, JSON.stringify(body).slice(0, 80));
  }
});

test('the checks by hand say word for word what the schema in the document says', () => {
  for (const [body] of BAD) {
    assert.deepEqual(sorted(readEvent(body)), sorted(readFields(eventInput, body)), JSON.stringify(body).slice(0, 80));
  }
});

test('checks by hand and schema agree on any value in any field', () => {
  const field = fc.constantFrom('type', 'data', 'id', 'owner', 'occurredAt', 'tags', 'headers', 'orderingKey', 'more');
  const value = fc.oneof(
    fc.constantFrom('a.b', 'org:7', '2026-01-01T00:00:00Z', '', 'x'.repeat(130)),
    fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
    fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.integer()), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.dictionary(field, value, { noNullPrototype: true }), (changes) => {
      const body = JSON.parse(JSON.stringify({ ...good, ...changes }));
      if (JSON.stringify(body).includes('"__proto__"')) return;
      assert.deepEqual(sorted(readEvent(body)), sorted(readFields(eventInput, body)));
    }),
    { numRuns: 300 },
  );
});

test('a complete event is read with its time in milliseconds', () => {
  const body = {
    ...good,
    id: 'order-1',
    owner: 'org:7/repo:42',
    occurredAt: '2026-01-31T10:30:00+01:00',
    tags: ['a'],
    headers: { 'X-Trace': 'abc' },
    orderingKey: 'k',
  };
  const { occurredAt, ...same } = body;
  assert.equal(occurredAt, '2026-01-31T10:30:00+01:00');
  assert.deepEqual(readEvent(body), { kind: 'event', ...same, occurredAtMs: Date.UTC(2026, 0, 31, 9, 30) });
});
