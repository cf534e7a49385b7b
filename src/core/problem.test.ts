import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problem, problemCodes, problemPage } from './problem.ts';

describe('the problem', () => {
  for (const code of problemCodes) {
    test(`${code} has a status, a title, a remedy and one sentence for an agent with its documentation`, () => {
      const { status, title, remedy, type, agentAction } = problemPage(code);
      assert.ok(status >= 400 && status <= 599);
      assert.ok(title.length > 0 && !title.endsWith('.'));
      assert.match(remedy, /^[A-Z].*\.$/);
      assert.match(type, /^https:\/\/[a-z.]+\/\S+$/);
      assert.match(agentAction, /^Tell the user \S/);
      assert.ok(agentAction.includes(type));
      assert.ok(agentAction.length < 280, `${agentAction.length}`);
      assert.match(agentAction, /\.$/);
      assert.doesNotMatch(agentAction, /[.!?]\s/, 'one sentence');
    });
  }

  test('of wrong fields speaks of what has them: the other events of a batch may well be stored', () => {
    assert.doesNotMatch(problemPage('validation_failed').remedy, /nothing/);
  });

  test('value carries its code and only what is given beside it', () => {
    assert.deepEqual(problem('not_found'), { kind: 'problem', code: 'not_found' });
    const detail = problem('overloaded', { retryAfterSeconds: 2 });
    assert.deepEqual(detail, { kind: 'problem', code: 'overloaded', retryAfterSeconds: 2 });
  });
});
