/** What all forges say alike: repositories with their case, refs, commits, pushes; and the facts these make. */

import type { ChangeRequestFact, DeploymentFact, GitFact, ReadFact, ReleaseFact, RunFact, RunStatus } from '../fact.ts';
import { pointerOf } from '../pointer.ts';
import { at, type Field, known, type Path, textAt } from './fields.ts';
import { provenanceOf, type TimeField } from './image.ts';
import { one, type Reading, unreadable } from './reading.ts';

/** Facts that name a repository of a forge. */
export type ForgeFact = GitFact | ChangeRequestFact | ReleaseFact | RunFact | DeploymentFact;

/** What a reader found for each field of a fact. null = the payload does not say, where the fact may do without. */
export type FactFields<F extends ForgeFact> = {
  readonly [Name in Exclude<keyof F, 'timeMs' | 'timeSource'>]: Field<F[Name]> | (null extends F[Name] ? null : never);
} & { readonly time: TimeField | null };

/** Where a push of some forge says what it shares with no other. */
export interface PushPlaces {
  repository: Path;
  /** The commit an annotated tag is of: `after` is the tag object itself then. */
  taggedCommit: Path;
  time: TimeField | null;
  actor: Field<string> | null;
}

/** In characters. Twenty levels of groups, which GitLab allows, could be longer; real ones are not. */
const MAX_REPOSITORY = 1024;
const MAX_REF = 1024;
const MAX_WORD = 64;
const MAX_NAME = 1024;

const SEGMENT = /^(?!\.{1,2}$)\S+$/u;
/** The parts of git-check-ref-format(1) that keep a ref from meaning something else to a tool it is given to. */
const FORBIDDEN_IN_REF = /\.\.|\/\/|@\{|[\s~^:?*[\\]|[/.]$/u;
const REF = /^refs\/(?:heads|tags)\/(.+)$/u;
const TAG_REF = 'refs/tags/';
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** What git writes for "no commit": the ref is new, or gone. */
const NO_COMMIT = /^(?:0{40}|0{64})$/;

/** The full name of a repository, `owner/name` or with more groups before it, its case kept. */
export function repositoryNameAt(body: unknown, path: Path): Field<string> | null {
  const name = textAt(body, path, MAX_REPOSITORY);
  if (name === null) return null;
  const segments = name.value.split('/');
  return segments.length > 1 && segments.every((segment) => SEGMENT.test(segment)) ? name : null;
}

/** A full name of a branch or tag, `refs/heads/…` or `refs/tags/…`. */
export function refAt(body: unknown, path: Path): Field<string> | null {
  const ref = textAt(body, path, MAX_REF);
  return ref !== null && REF.test(ref.value) && !FORBIDDEN_IN_REF.test(ref.value) ? ref : null;
}

/** A branch or tag by its full name, made with `prefix` where the payload gives the short one. */
export function shortRefAt(body: unknown, path: Path, prefix = 'refs/heads/'): Field<string> | null {
  const name = textAt(body, path, MAX_REF);
  if (name === null || name.value.startsWith('/') || FORBIDDEN_IN_REF.test(name.value)) return null;
  if (name.value.startsWith('refs/')) return refAt(body, path);
  return { value: `${prefix}${name.value}`, pointer: name.pointer };
}

/** The tag that a ref is of; null for a branch. */
export function tagOfRef(ref: Field<string> | null): Field<string> | null {
  if (ref === null || !ref.value.startsWith(TAG_REF)) return null;
  return { value: ref.value.slice(TAG_REF.length), pointer: ref.pointer };
}

/** The short name of a tag. */
export function tagNameAt(body: unknown, path: Path): Field<string> | null {
  return tagOfRef(shortRefAt(body, path, TAG_REF));
}

/** A commit of 40 or 64 hex digits that are not all zero. */
export function commitAt(body: unknown, path: Path): Field<string> | null {
  const field = textAt(body, path, 64);
  return field !== null && COMMIT.test(field.value) && !NO_COMMIT.test(field.value) ? field : null;
}

/** A boolean; false where the payload has none. */
export function flagAt(body: unknown, path: Path): Field<boolean> {
  const value = at(body, path);
  return typeof value === 'boolean' ? { value, pointer: pointerOf(path) } : known(false);
}

/** A whole number from 1, as requests and runs are counted. */
export function numberAt(body: unknown, path: Path): Field<number> | null {
  const value = at(body, path);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) return null;
  return { value, pointer: pointerOf(path) };
}

/** Such a number as text. */
export function numberTextAt(body: unknown, path: Path): Field<string> | null {
  const field = numberAt(body, path);
  return field && { value: String(field.value), pointer: field.pointer };
}

/** A word of the sender's, such as an action or a state, in lower case. */
export function wordAt(body: unknown, path: Path): Field<string> | null {
  const field = textAt(body, path, MAX_WORD);
  return field && { value: field.value.toLowerCase(), pointer: field.pointer };
}

/** Why a run or deployment is ignored whose state `statusIn` has no meaning for. */
export const UNKNOWN_STATE = 'A state that nothing is made of.';

/** What a word means in a table of states; null for a word it lacks. */
export function statusIn(states: ReadonlyMap<string, RunStatus>, word: Field<string> | null): Field<RunStatus> | null {
  const value = word === null ? undefined : states.get(word.value);
  return word === null || value === undefined ? null : { value, pointer: word.pointer };
}

/** A name that people gave: of a workflow, an environment, a release's tag. */
export function nameAt(body: unknown, path: Path): Field<string> | null {
  return textAt(body, path, MAX_NAME);
}

/** The fact, and where each of its fields came from. `time` in the provenance is the fact's `timeMs`. */
export function forgeFact<F extends ForgeFact>(fields: FactFields<F>): ReadFact {
  const { time, ...named }: { time: TimeField | null } & Readonly<Record<string, Field<unknown> | null>> = fields;
  const values = Object.entries(named).map(([name, field]) => [name, field?.value ?? null]);
  const happened = { timeMs: time?.value ?? null, timeSource: time?.source ?? 'received' };
  return { fact: { ...Object.fromEntries(values), ...happened } as F, provenance: provenanceOf({ ...named, time }) };
}

/** Reads `ref`, `before` and `after` of one push: the branch or tag was made, moved or deleted. */
export function readPush(
  body: unknown,
  { repository: repositoryPath, taggedCommit, time, actor }: PushPlaces,
): Reading {
  const repository = repositoryNameAt(body, repositoryPath);
  if (repository === null) return unreadable(pointerOf(repositoryPath), 'No repository is named.');
  const ref = refAt(body, ['ref']);
  if (ref === null) return unreadable('/ref', 'The ref is neither a branch nor a tag.');
  const tag = tagOfRef(ref);
  const gone = noCommitAt(body, ['after']);
  const sha = (tag !== null && !gone.value ? commitAt(body, taggedCommit) : null) ?? commitAt(body, ['after']);
  if (sha === null && !gone.value) return unreadable('/after', 'No commit is named.');
  const kind: Field<GitFact['kind']> = gone.value
    ? { value: 'git.delete', pointer: gone.pointer }
    : { value: tag === null ? 'git.push' : 'git.tag', pointer: ref.pointer };
  const created = noCommitAt(body, ['before']);
  const before = commitAt(body, ['before']);
  const forced = flagAt(body, ['forced']);
  return one(forgeFact<GitFact>({ kind, repository, ref, sha, before, tag, created, forced, time, actor }));
}

/** Whether git's zeros stand there. */
function noCommitAt(body: unknown, path: Path): Field<boolean> {
  const value = at(body, path);
  if (typeof value !== 'string') return known(false);
  return { value: NO_COMMIT.test(value), pointer: pointerOf(path) };
}
