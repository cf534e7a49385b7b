import assert from 'node:assert/strict';
import test from 'node:test';
import { at, textAt } from './fields.ts';

test('a value is found step by step, and nothing is found past a missing step', () => {
  const body = { a: [{ b: 1 }] };
  assert.equal(at(body, ['a', 0, 'b']), 1);
  assert.equal(at(body, ['a', 1, 'b']), undefined);
  assert.equal(at(body, ['a', 'length']), undefined);
  assert.equal(at(null, ['a']), undefined);
  assert.equal(at('text', [0]), undefined);
});

test('inherited members are not part of a payload, own ones of the same name are', () => {
  assert.equal(at({}, ['constructor']), undefined);
  assert.equal(at({}, ['__proto__', 'toString']), undefined);
  assert.equal(at(JSON.parse('{"__proto__": {"a": 1}}'), ['__proto__', 'a']), 1);
});

test('a text is not empty, not too long, and has no control characters or half characters', () => {
  assert.deepEqual(textAt({ a: 'né' }, ['a'], 2), { value: 'né', pointer: '/a' });
  for (const a of ['', 'abc', 'a\u0000', 'a\n', '\ud800', 5, null, ['x']]) assert.equal(textAt({ a }, ['a'], 2), null);
});
