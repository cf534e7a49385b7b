/** GitLab's webhooks (docs.gitlab.com, "Webhook events"); `object_kind` says which. */
import type { ChangeRequestFact, ReleaseFact } from '../fact.ts';
import { at, isObject, known } from './fields.ts';
import { commitAt, forgeFact, numberAt, readPush, repositoryNameAt, shortRefAt, tagNameAt, wordAt } from './git.ts';
import { GITLAB_REPOSITORY, noProject, OBJECT, readDeployment, readPipeline, userOf } from './gitlab-run.ts';
import { actorAt, timeAt } from './image.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** The kinds that something is made of. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ['push', readPushed],
  ['tag_push', readPushed],
  ['merge_request', readMergeRequest],
  ['pipeline', readPipeline],
  ['deployment', readDeployment],
  ['release', readRelease],
]);

/** Jobs come under this name; their header says "Job Hook". */
const JOB = 'build';

/** Reads one delivery. Webhooks of groups have kinds with an `event_name` only, which are about members and projects. */
export const readGitlab: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const kind = wordAt(body, ['object_kind']) ?? wordAt(body, ['event_name']);
  if (kind === null) return unreadable('/object_kind', 'The event has no kind.');
  const read = READERS.get(kind.value);
  if (read !== undefined) return read(input);
  if (kind.value === JOB) return ignored('A job is part of a pipeline, whose own event counts.');
  return ignored('An event of GitLab that nothing is made of.');
};

/** Reads a push of a branch or a tag. No time in it is that of the push. */
function readPushed({ body }: ReaderInput): Reading {
  return readPush(body, {
    repository: GITLAB_REPOSITORY,
    taggedCommit: ['checkout_sha'],
    time: null,
    actor: actorAt(body, ['user_username']) ?? actorAt(body, ['user_name']),
  });
}

/**
 * Reads a merge request. One merged by fast-forward has no `merge_commit_sha`, and squashed none of its commits is on
 * the branch (gitlab-org/gitlab issue 415449), so no commit is named then.
 */
function readMergeRequest(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, GITLAB_REPOSITORY);
  if (repository === null) return noProject();
  const number = numberAt(body, [OBJECT, 'iid']);
  if (number === null) return unreadable('/object_attributes/iid', 'The merge request has no number.');
  const action = wordAt(body, [OBJECT, 'action']);
  const isMerged = at(body, [OBJECT, 'state']) === 'merged';
  if (isMerged && action !== null && action.value !== 'merge') {
    return ignored('It was merged before: nothing of the code changes.');
  }
  const fact = forgeFact<ChangeRequestFact>({
    kind: { value: 'change_request', pointer: '/object_kind' },
    repository,
    number,
    action,
    merged: isMerged ? { value: true, pointer: '/object_attributes/state' } : known(false),
    ref: shortRefAt(body, [OBJECT, 'target_branch']),
    sha: isMerged ? commitAt(body, [OBJECT, 'merge_commit_sha']) : null,
    time: timeAt(input, [OBJECT, 'updated_at']),
    actor: userOf(body),
  });
  return one(fact);
}

/** Reads a release. Its payload names nobody, and no time for what was done to it after it was made. */
function readRelease(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, GITLAB_REPOSITORY);
  if (repository === null) return noProject();
  const tag = tagNameAt(body, ['tag']);
  if (tag === null) return unreadable('/tag', 'The release has no tag.');
  const action = wordAt(body, ['action']);
  const fact = forgeFact<ReleaseFact>({
    kind: { value: 'git.release', pointer: '/object_kind' },
    repository,
    tag,
    action,
    draft: known(false),
    prerelease: known(false),
    sha: commitAt(body, ['commit', 'id']),
    time: action?.value === 'create' ? timeAt(input, ['created_at']) : null,
    actor: null,
  });
  return one(fact);
}
