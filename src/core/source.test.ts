import assert from 'node:assert/strict';
import test from 'node:test';
import { isSourceType, SOURCE_TYPES } from './source.ts';

test('each type proves itself as its sender can, unless told otherwise', () => {
  assert.deepEqual(SOURCE_TYPES.dockerhub.defaultScheme, { type: 'url' });
  assert.deepEqual(SOURCE_TYPES.harbor.defaultScheme, { type: 'token', header: 'Authorization' });
  assert.equal(SOURCE_TYPES.native.defaultScheme.type, 'hmac');
});

test('only the names of the table are types', () => {
  assert.equal(isSourceType('harbor'), true);
  for (const name of ['Harbor', 'constructor', '']) assert.equal(isSourceType(name), false);
});
