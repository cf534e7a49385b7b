import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { pathOf, pointerOf } from './pointer.ts';

test('pointers escape what RFC 6901 gives a meaning', () => {
  assert.equal(pointerOf(['a/b', 0, 'c~d']), '/a~1b/0/c~0d');
  assert.equal(pointerOf(['~1', '~0/']), '/~01/~00~1');
});

test('the whole document and a member without a name are told apart', () => {
  assert.equal(pointerOf([]), '');
  assert.equal(pointerOf(['']), '/');
  assert.deepEqual([pathOf(''), pathOf('/')], [[], ['']]);
});

test('a pointer leads back to the path it was made of', () => {
  const names = fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[~/01]{0,6}$/)));
  fc.assert(
    fc.property(names, (path) => assert.deepEqual(pathOf(pointerOf(path)), path)),
    { numRuns: 300 },
  );
});
