import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownerErrors, ownerOf, shownOwner } from './owner-input.ts';

describe('an owner', () => {
  const owners: readonly [string | null, string | null, string | number | null][] = [
    ['repo:42', 'repo', 42],
    ['org:0', 'org', 0],
    ['org:007', 'org', '007'],
    ['org:acme', 'org', 'acme'],
    ['org:9007199254740993', 'org', '9007199254740993'],
    ['org:7/repo:42', null, null],
    ['team:7', null, null],
    [null, null, null],
  ];
  for (const [owner, kind, id] of owners) {
    test(`shows kind and id of the owner ${owner}`, () => {
      assert.deepEqual(shownOwner(owner), { ownerKind: kind, ownerId: id });
    });
  }

  test('shown as kind and id is the same one when they are sent back', () => {
    for (const [owner, kind] of owners) {
      if (kind === null) continue;
      const back = shownOwner(owner);
      assert.deepEqual([ownerErrors(back), ownerOf(back)], [[], owner]);
    }
  });
});
