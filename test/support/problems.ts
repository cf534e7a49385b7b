/** What every refusal of the API has to be. */
import assert from 'node:assert/strict';
import type { Answer } from './hookyard.ts';

/** Every refusal says what is wrong, where, and what to do next, to people and to agents. */
export function assertProblem({ problem, headers, status }: Answer<unknown>, code: string): void {
  assert.equal(problem.code, code, JSON.stringify(problem));
  assert.equal(problem.status, status);
  assert.equal(problem.success, false);
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  for (const text of [problem.title, problem.detail, problem.remedy])
    assert.ok(text.length > 5, JSON.stringify(problem));
  assert.match(problem.agent_action, /^Tell the user .*https:\/\/\S+/);
  assert.ok(problem.agent_action.length < 280);
}
