/** What runs on GitHub: workflows, the checks of an app, deployments. */
import type { DeploymentFact, RunFact, RunStatus } from '../fact.ts';
import { at, type Field, type Path } from './fields.ts';
import {
  commitAt,
  forgeFact,
  nameAt,
  numberAt,
  numberTextAt,
  repositoryNameAt,
  shortRefAt,
  statusIn,
  tagOfRef,
  UNKNOWN_STATE,
  wordAt,
} from './git.ts';
import { noRepository, REPOSITORY, SENDER } from './github-change.ts';
import { EVENT_POINTER } from './github-event.ts';
import { actorAt, timeAt } from './image.ts';
import { ignored, one, type ReaderInput, type Reading } from './reading.ts';

/** States of workflow runs and check suites that are not over. */
const STATES: ReadonlyMap<string, RunStatus> = new Map([
  ['requested', 'pending'],
  ['queued', 'pending'],
  ['pending', 'pending'],
  ['waiting', 'pending'],
  ['in_progress', 'running'],
]);

/** How those that are over ended. `action_required` waits for a person, and goes on as the same run. */
const CONCLUSIONS: ReadonlyMap<string, RunStatus> = new Map([
  ['success', 'success'],
  ['failure', 'failed'],
  ['timed_out', 'failed'],
  ['startup_failure', 'failed'],
  ['cancelled', 'cancelled'],
  ['stale', 'cancelled'],
  ['skipped', 'skipped'],
  ['neutral', 'skipped'],
  ['action_required', 'pending'],
]);

/** States of deployments. `inactive` says only that another one took its place. */
const DEPLOYMENT_STATES: ReadonlyMap<string, RunStatus> = new Map([
  ['queued', 'pending'],
  ['pending', 'pending'],
  ['waiting', 'pending'],
  ['in_progress', 'running'],
  ['success', 'success'],
  ['failure', 'failed'],
  ['error', 'failed'],
]);

/** Reads one workflow run. */
export function readWorkflowRun(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, REPOSITORY);
  if (repository === null) return noRepository();
  const status = stateAt(body, 'workflow_run');
  if (status === null) return ignored(UNKNOWN_STATE);
  const ref = ranOn(body, repository.value);
  const fact = forgeFact<RunFact>({
    kind: { value: 'ci.run', pointer: EVENT_POINTER },
    repository,
    status,
    name: nameAt(body, ['workflow_run', 'name']) ?? nameAt(body, ['workflow', 'name']),
    runId: numberTextAt(body, ['workflow_run', 'id']),
    ref,
    sha: commitAt(body, ['workflow_run', 'head_sha']),
    tag: tagOfRef(ref),
    pullRequest: numberAt(body, ['workflow_run', 'pull_requests', 0, 'number']),
    time: timeAt(input, ['workflow_run', 'updated_at']),
    actor: actorAt(body, ['workflow_run', 'triggering_actor', 'login']) ?? actorAt(body, SENDER),
  });
  return one(fact);
}

/** Reads one check suite: the checks of one app. The success of one says nothing of the other apps' checks. */
export function readCheckSuite(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, REPOSITORY);
  if (repository === null) return noRepository();
  const status = stateAt(body, 'check_suite');
  if (status === null) return ignored(UNKNOWN_STATE);
  const fact = forgeFact<RunFact>({
    kind: { value: 'ci.run', pointer: EVENT_POINTER },
    repository,
    status,
    name: nameAt(body, ['check_suite', 'app', 'name']),
    runId: numberTextAt(body, ['check_suite', 'id']),
    // GitHub leaves it out for commits of forks.
    ref: shortRefAt(body, ['check_suite', 'head_branch']),
    sha: commitAt(body, ['check_suite', 'head_sha']),
    tag: null,
    pullRequest: numberAt(body, ['check_suite', 'pull_requests', 0, 'number']),
    time: timeAt(input, ['check_suite', 'updated_at']),
    actor: actorAt(body, SENDER),
  });
  return one(fact);
}

/** Reads one status of a deployment. */
export function readDeploymentStatus(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, REPOSITORY);
  if (repository === null) return noRepository();
  const status = statusIn(DEPLOYMENT_STATES, wordAt(body, ['deployment_status', 'state']));
  if (status === null) return ignored(UNKNOWN_STATE);
  const fact = forgeFact<DeploymentFact>({
    kind: { value: 'deployment.status', pointer: EVENT_POINTER },
    repository,
    status,
    environment: nameAt(body, ['deployment_status', 'environment']) ?? nameAt(body, ['deployment', 'environment']),
    // As it was asked for: a branch, a tag or a commit.
    ref: shortRefAt(body, ['deployment', 'ref'], ''),
    sha: commitAt(body, ['deployment', 'sha']),
    time: timeAt(input, ['deployment_status', 'created_at']),
    actor: actorAt(body, ['deployment_status', 'creator', 'login']) ?? actorAt(body, SENDER),
  });
  return one(fact);
}

/**
 * A run's conclusion counts when its completion is told, its state before. Whoever asks for a run or suite once more
 * (`requested`, `rerequested`) is told with the conclusion of the last time.
 */
function stateAt(body: unknown, run: string): Field<RunStatus> | null {
  const state = wordAt(body, [run, 'status']);
  if (state?.value !== 'completed') return statusIn(STATES, state);
  const action = wordAt(body, ['action']);
  if (action?.value !== 'completed') return { value: 'pending', pointer: action?.pointer ?? state.pointer };
  return statusIn(CONCLUSIONS, wordAt(body, [run, 'conclusion']));
}

/** The branch or tag it ran on. A fork's branch of the same name is another branch, so it is left out. */
function ranOn(body: unknown, repository: string): Field<string> | null {
  const head = repositoryNameAt(body, ['workflow_run', 'head_repository', 'full_name']);
  if (head?.value.toLowerCase() !== repository.toLowerCase()) return null;
  // `head_branch` of a run for a release is its tag; for a push nothing tells which of the two it is.
  const isRelease = at(body, ['workflow_run', 'event']) === 'release';
  const branch: Path = ['workflow_run', 'head_branch'];
  return shortRefAt(body, branch, isRelease ? 'refs/tags/' : 'refs/heads/');
}
