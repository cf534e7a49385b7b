/** GitHub's webhooks (docs.github.com, "Webhook events and payloads"); the event's name is in a header. */
import { isObject } from './fields.ts';
import { readPackage } from './ghcr.ts';
import { readPullRequest, readPushed, readRelease } from './github-change.ts';
import { githubEvent, readPing } from './github-event.ts';
import { readCheckSuite, readDeploymentStatus, readWorkflowRun } from './github-run.ts';
import { ignored, type Reader, unreadable } from './reading.ts';

/** The events that something is made of. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ['ping', readPing],
  ['push', readPushed],
  ['pull_request', readPullRequest],
  ['release', readRelease],
  ['workflow_run', readWorkflowRun],
  ['check_suite', readCheckSuite],
  ['deployment_status', readDeploymentStatus],
  ['package', readPackage],
  ['registry_package', readPackage],
]);

/** Events that say again, or in part, what another one says. */
const SAID_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['create', 'The push that made the branch or tag says the same with its commit.'],
  ['delete', 'The push that deleted the branch or tag says the same.'],
  ['workflow_job', 'A job is part of a workflow run, whose own event counts.'],
  ['check_run', 'A check is part of a check suite, whose own event counts.'],
  ['deployment', 'The status of a deployment says how it went.'],
]);

/** Reads one delivery. */
export const readGithub: Reader = (input) => {
  if (!isObject(input.body)) return unreadable('', 'The body is not a JSON object.');
  const event = githubEvent(input);
  if (event === null) return { kind: 'unreadable', reason: 'No X-GitHub-Event header names the event.' };
  const read = READERS.get(event);
  if (read !== undefined) return read(input);
  return ignored(SAID_ELSEWHERE.get(event) ?? 'An event of GitHub that nothing is made of.');
};
