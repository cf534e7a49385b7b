import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isEventPattern, isEventType, typeMatches } from './event.ts';

const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
const type = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('.'));

describe('an event type', () => {
  test('is 1 to 64 characters of words joined by dots', () => {
    for (const good of ['ping', 'deployment.completed', 'change_request.merged', 'x'.repeat(64)]) {
      assert.ok(isEventType(good), good);
    }
    for (const bad of ['', '.', 'a.', '.a', 'a..b', 'a b', 'a\n', 'é', '*', 'a.*', 'x'.repeat(65)]) {
      assert.ok(!isEventType(bad), JSON.stringify(bad));
    }
  });
});

describe('an event pattern', () => {
  test('is a type, a type and a trailing wildcard, or a wildcard alone', () => {
    for (const good of ['*', 'deployment.*', 'deployment.completed']) assert.ok(isEventPattern(good), good);
    for (const bad of ['', '.*', '*.completed', 'deploy*', 'a.*.b', '**']) assert.ok(!isEventPattern(bad), bad);
  });

  test('with a wildcard takes what is below it and not the word itself or a longer word', () => {
    assert.ok(typeMatches(['deployment.*'], 'deployment.completed'));
    assert.ok(typeMatches(['deployment.*'], 'deployment.step.done'));
    assert.ok(!typeMatches(['deployment.*'], 'deployment'));
    assert.ok(!typeMatches(['deployment.*'], 'deployments.completed'));
  });

  test('takes its own type, and none or a lone wildcard takes all', () => {
    fc.assert(
      fc.property(type, (own) => {
        assert.ok(typeMatches([own], own));
        assert.ok(typeMatches([], own));
        assert.ok(typeMatches(['other', '*'], own));
        assert.ok(!typeMatches([`${own}x`], own));
      }),
    );
  });
});
