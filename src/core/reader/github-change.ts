/** What changes a repository on GitHub: pushes, pull requests, releases. */
import type { ChangeRequestFact, ReleaseFact } from '../fact.ts';
import type { Path } from './fields.ts';
import {
  commitAt,
  flagAt,
  forgeFact,
  numberAt,
  readPush,
  repositoryNameAt,
  shortRefAt,
  tagNameAt,
  wordAt,
} from './git.ts';
import { EVENT_POINTER } from './github-event.ts';
import { actorAt, type TimeField, timeAt } from './image.ts';
import { ignored, one, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** Where all events of GitHub name the repository and whoever caused them. */
export const REPOSITORY: Path = ['repository', 'full_name'];
export const SENDER: Path = ['sender', 'login'];

/** Which field of a release says when an action was taken. Nothing says when one was edited or deleted. */
const RELEASE_TIMES: ReadonlyMap<string, string> = new Map([
  ['created', 'created_at'],
  ['published', 'published_at'],
  ['released', 'published_at'],
  ['prereleased', 'published_at'],
]);

/** Reads a push. `head_commit.timestamp` is when somebody committed, perhaps days before. */
export function readPushed(input: ReaderInput): Reading {
  const { body } = input;
  return readPush(body, {
    repository: REPOSITORY,
    taggedCommit: ['head_commit', 'id'],
    time: timeAt(input, ['repository', 'pushed_at']),
    actor: actorAt(body, SENDER) ?? actorAt(body, ['pusher', 'name']),
  });
}

/** Reads a pull request. `merge_commit_sha` of an unmerged one is a trial merge that is on no branch. */
export function readPullRequest(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, REPOSITORY);
  if (repository === null) return noRepository();
  const number = numberAt(body, ['number']) ?? numberAt(body, ['pull_request', 'number']);
  if (number === null) return unreadable('/number', 'The pull request has no number.');
  const action = wordAt(body, ['action']);
  const merged = flagAt(body, ['pull_request', 'merged']);
  if (merged.value && action?.value !== 'closed') return ignored('It was merged before: nothing of the code changes.');
  const fact = forgeFact<ChangeRequestFact>({
    kind: { value: 'change_request', pointer: EVENT_POINTER },
    repository,
    number,
    action,
    merged,
    ref: shortRefAt(body, ['pull_request', 'base', 'ref']),
    sha: merged.value ? commitAt(body, ['pull_request', 'merge_commit_sha']) : null,
    time: timeAt(input, ['pull_request', merged.value ? 'merged_at' : 'updated_at']),
    actor: actorAt(body, SENDER),
  });
  return one(fact);
}

/** Reads a release. One published release is told of three times: created, published, released. */
export function readRelease(input: ReaderInput): Reading {
  const { body } = input;
  const repository = repositoryNameAt(body, REPOSITORY);
  if (repository === null) return noRepository();
  const tag = tagNameAt(body, ['release', 'tag_name']);
  if (tag === null) return unreadable('/release/tag_name', 'The release has no tag.');
  const action = wordAt(body, ['action']);
  const fact = forgeFact<ReleaseFact>({
    kind: { value: 'git.release', pointer: EVENT_POINTER },
    repository,
    tag,
    action,
    draft: flagAt(body, ['release', 'draft']),
    prerelease: flagAt(body, ['release', 'prerelease']),
    // `target_commitish` is what the tag would be made of: mostly a branch, whose head may have moved since.
    sha: null,
    time: releaseTime(input, action?.value ?? ''),
    actor: actorAt(body, SENDER),
  });
  return one(fact);
}

/** What a payload without a repository is. */
export function noRepository(): Reading {
  return unreadable('/repository/full_name', 'No repository is named.');
}

function releaseTime(input: ReaderInput, action: string): TimeField | null {
  const name = RELEASE_TIMES.get(action);
  return name === undefined ? null : timeAt(input, ['release', name]);
}
