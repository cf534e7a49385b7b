import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isOwnerPath, receives } from './owner.ts';

const segment = fc.stringMatching(/^[a-z]{1,4}:[a-z0-9]{1,4}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 4 });

describe('an owner path', () => {
  test('is one to eight kind:id segments', () => {
    for (const good of ['org:7', 'org:7/repo:42', 'user:ada@example.com', Array(8).fill('a:1').join('/')]) {
      assert.ok(isOwnerPath(good), good);
    }
    for (const bad of [
      '',
      'org',
      'org:',
      ':7',
      'org:7/',
      '/org:7',
      'Org:7',
      'org:7 ',
      Array(9).fill('a:1').join('/'),
    ]) {
      assert.ok(!isOwnerPath(bad), bad);
    }
  });
});

describe('a subscription with an owner', () => {
  const rows: readonly [string | null, string | null, boolean][] = [
    ['org:7', 'org:7', true],
    ['org:7', 'org:7/repo:42', true],
    ['repo:42', 'org:7/repo:42', true],
    ['org:7/repo:42', 'org:7/repo:42', true],
    ['org:7/repo:42', 'org:7', false],
    ['org:7', 'org:70', false],
    ['org:7', 'org:70/repo:42', false],
    ['repo:4', 'org:7/repo:42', false],
    ['org:7', 'sub-org:7', false],
    ['org:7', null, false],
    [null, 'org:7', true],
    [null, null, true],
  ];
  for (const [subscriber, place, expected] of rows) {
    test(`${subscriber ?? 'without one'} ${expected ? 'receives' : 'does not receive'} what happens at ${place ?? 'no place'}`, () => {
      assert.equal(receives(subscriber, place), expected);
    });
  }

  test('receives exactly where its segments stand side by side', () => {
    fc.assert(
      fc.property(path, path, (own, place) => {
        const expected = place.some((_, at) => own.every((one, offset) => place[at + offset] === one));
        assert.equal(receives(own.join('/'), place.join('/')), expected);
      }),
    );
  });
});
