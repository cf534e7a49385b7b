/** What runs on GitLab: pipelines and deployments. */
import { type DeploymentFact, type RunFact, type RunStatus, TERMINAL_STATES } from '../fact.ts';
import { at, type Field, type Path, textAt } from './fields.ts';
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
import { actorAt, timeAt } from './image.ts';
import { ignored, one, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** Where all events of GitLab name the project: with its groups, each in the case of its path. */
export const GITLAB_REPOSITORY: Path = ['project', 'path_with_namespace'];

/** What most events of GitLab are about. */
export const OBJECT = 'object_attributes';

/** States of pipelines and deployments. `manual` and `blocked` wait for a person. */
const STATES: ReadonlyMap<string, RunStatus> = new Map([
  ['created', 'pending'],
  ['waiting_for_resource', 'pending'],
  ['preparing', 'pending'],
  ['pending', 'pending'],
  ['scheduled', 'pending'],
  ['manual', 'pending'],
  ['blocked', 'pending'],
  ['running', 'running'],
  ['canceling', 'running'],
  ['success', 'success'],
  ['failed', 'failed'],
  ['canceled', 'cancelled'],
  ['skipped', 'skipped'],
]);

const MAX_URL = 2048;
/** The commit's own page, the only place with all its digits. */
const COMMIT_URL = /\/commit\/([0-9a-f]{40}(?:[0-9a-f]{24})?)$/;

/** Reads one pipeline. It may succeed with jobs that were skipped, or wait for somebody to start them. */
export function readPipeline(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, GITLAB_REPOSITORY);
  if (repository === null) return noProject();
  const status = statusIn(STATES, wordAt(body, [OBJECT, 'status']));
  if (status === null) return ignored(UNKNOWN_STATE);
  const ref = ranOn(body);
  const fact = forgeFact<RunFact>({
    kind: { value: 'ci.run', pointer: '/object_kind' },
    repository,
    status,
    name: nameAt(body, [OBJECT, 'name']),
    runId: numberTextAt(body, [OBJECT, 'id']),
    ref,
    sha: commitAt(body, [OBJECT, 'sha']),
    tag: tagOfRef(ref),
    pullRequest: numberAt(body, ['merge_request', 'iid']),
    time: TERMINAL_STATES.has(status.value) ? timeAt(input, [OBJECT, 'finished_at']) : null,
    actor: userOf(body),
  });
  return one(fact);
}

/** Reads one change of a deployment's state. */
export function readDeployment(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, GITLAB_REPOSITORY);
  if (repository === null) return noProject();
  const status = statusIn(STATES, wordAt(body, ['status']));
  if (status === null) return ignored(UNKNOWN_STATE);
  const fact = forgeFact<DeploymentFact>({
    kind: { value: 'deployment.status', pointer: '/object_kind' },
    repository,
    status,
    environment: nameAt(body, ['environment']),
    ref: null,
    sha: deployedCommit(body),
    time: timeAt(input, ['status_changed_at']),
    actor: userOf(body),
  });
  return one(fact);
}

/** Whoever caused it: the account, or the name that stands there in old payloads. */
export function userOf(body: unknown): Field<string> | null {
  return actorAt(body, ['user', 'username']) ?? actorAt(body, ['user', 'name']);
}

/** What a payload without a project is. */
export function noProject(): Reading {
  return unreadable('/project/path_with_namespace', 'No project is named.');
}

/** The branch or tag it ran on. A fork's branch of the same name is another branch, so it is left out. */
function ranOn(body: unknown): Field<string> | null {
  const source = at(body, ['merge_request', 'source_project_id']);
  if (source !== undefined && source !== at(body, ['merge_request', 'target_project_id'])) return null;
  const isTag = at(body, [OBJECT, 'tag']) === true;
  return shortRefAt(body, [OBJECT, 'ref'], isTag ? 'refs/tags/' : 'refs/heads/');
}

function deployedCommit(body: unknown): Field<string> | null {
  const url = textAt(body, ['commit_url'], MAX_URL);
  const sha = url === null ? undefined : COMMIT_URL.exec(url.value)?.[1];
  return url === null || sha === undefined ? null : { value: sha, pointer: url.pointer };
}
