import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  arrived,
  closed,
  createKeys,
  found,
  isFullOfKeys,
  lost,
  MAX_KEYS,
  pageDone,
  passedBy,
  reading,
  wasRead,
} from './ordered-keys.ts';

const swept = () => createKeys({ swept: true, suspect: false });

test('the first item of a key goes on, those behind it wait until it is closed', () => {
  const keys = swept();
  assert.equal(arrived(keys, 'a', 1), true);
  assert.equal(arrived(keys, 'a', 2), false);
  assert.equal(arrived(keys, 'b', 3), true);
  assert.equal(closed(keys, 'b'), false);
  assert.equal(closed(keys, 'a'), true);
});

test('a key with nothing behind it is forgotten when its item is closed', () => {
  const keys = swept();
  arrived(keys, 'a', 1);
  assert.equal(closed(keys, 'a'), false);
  assert.equal(keys.heads.size, 0);
  assert.equal(arrived(keys, 'a', 2), true);
});

test('what comes in while a key is read is read as well', () => {
  const keys = swept();
  arrived(keys, 'a', 1);
  reading(keys, 'a');
  arrived(keys, 'a', 2);
  assert.equal(wasRead(keys, 'a', null), true);
  reading(keys, 'a');
  assert.equal(wasRead(keys, 'a', { pos: 2, more: false }), false);
  assert.equal(keys.heads.get('a')?.pos, 2);
});

test('a head that was lost is found by the next sweep, also when one is under way', () => {
  const keys = swept();
  arrived(keys, 'a', 1);
  lost(keys, 'a');
  assert.equal(keys.swept, false);
  lost(keys, 'b');
  pageDone(keys, false);
  assert.equal(keys.swept, false);
  assert.equal(found(keys, 'a', 1), true);
  pageDone(keys, false);
  assert.equal(keys.swept, true);
});

test('while a sweep is not through nothing new is sent ahead of what it may find', () => {
  const keys = createKeys({ swept: false, suspect: true });
  assert.equal(arrived(keys, 'a', 5), false);
  assert.equal(found(keys, 'a', 1), true);
  pageDone(keys, false);
  assert.deepEqual({ swept: keys.swept, suspect: keys.suspect }, { swept: false, suspect: false });
});

test('a head that was closed while the sweep read it makes the sweep begin again, unless its key is attended to', () => {
  const keys = createKeys({ swept: false, suspect: false });
  passedBy(keys, 'a');
  pageDone(keys, false);
  assert.equal(keys.swept, false);
  found(keys, 'a', 2);
  passedBy(keys, 'a');
  pageDone(keys, false);
  assert.equal(keys.swept, true);
});

test('no more keys are attended to than fit', () => {
  const keys = swept();
  for (let at = 0; at < MAX_KEYS; at++) arrived(keys, `${at}`, at);
  assert.equal(isFullOfKeys(keys), true);
  assert.equal(arrived(keys, 'one more', MAX_KEYS), false);
  assert.equal(keys.swept, false);
});
