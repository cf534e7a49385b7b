import assert from 'node:assert/strict';
import test from 'node:test';
import { headerValues } from './headers.ts';

const values = headerValues(['Host', 'a.example', 'X-Sig', 'one', 'x-sig', 'two', 'constructor', 'x']);

test('a header is found whatever the case of its name', () => {
  assert.deepEqual(values('host'), ['a.example']);
  assert.deepEqual(values('HOST'), ['a.example']);
});

test('a repeated header shows every value in order', () => {
  assert.deepEqual(values('X-Sig'), ['one', 'two']);
});

test('an absent header has no values, whatever it is called', () => {
  assert.deepEqual(values('x-other'), []);
  assert.deepEqual(values('__proto__'), []);
  assert.deepEqual(values('toString'), []);
  assert.deepEqual(values('constructor'), ['x']);
});
