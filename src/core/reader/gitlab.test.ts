import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readGitlab } from './gitlab.ts';

const A = 'a1'.repeat(20);
const JANUARY = 1_767_225_600_000;

function read(file: string, fields: object = {}, of = '') {
  const body = sample(file);
  return readGitlab(
    readerInput(of === '' ? { ...body, ...fields } : { ...body, [of]: { ...Object(body[of]), ...fields } }),
  );
}

function fact(reading: ReturnType<typeof readGitlab>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts[0]?.fact;
}

function request(fields: object = {}) {
  const merged = fact(read('gitlab-merge-request', fields, 'object_attributes'));
  assert.ok(merged?.kind === 'change_request');
  return merged;
}

test('a push has no time of its own, only times of commits', () => {
  assert.deepEqual(fact(read('gitlab-push')), {
    kind: 'git.push',
    repository: 'Acme/Shop/Api',
    ref: 'refs/heads/main',
    sha: A,
    before: 'b2'.repeat(20),
    tag: null,
    created: false,
    forced: false,
    actor: 'mika',
    timeMs: null,
    timeSource: 'received',
  });
});

test('old payloads name whoever pushed by name only', () => {
  const tagged = fact(read('gitlab-tag-push'));
  assert.ok(tagged?.kind === 'git.tag');
  assert.deepEqual([tagged.actor, tagged.sha, tagged.tag, tagged.created], ['Mika M.', A, 'v2.4.0', true]);
});

test('a merged request has the merge commit', () => {
  assert.deepEqual(request(), {
    kind: 'change_request',
    repository: 'Acme/Shop/Api',
    number: 42,
    action: 'merge',
    merged: true,
    ref: 'refs/heads/main',
    sha: A,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'object_attributes.updated_at (iso)',
  });
  assert.equal(request({ merge_commit_sha: null }).sha, null);
});

test('a request that is not merged has no commit, and one merged before is told once', () => {
  const open = request({ state: 'opened', action: 'update' });
  assert.deepEqual([open.merged, open.sha, open.action], [false, null, 'update']);
  assert.equal(read('gitlab-merge-request', { action: 'update' }, 'object_attributes').kind, 'ignored');
  assert.equal(request({ action: undefined }).merged, true);
});

test('a release names its tag and commit, and a time only when it is made', () => {
  assert.deepEqual(fact(read('gitlab-release')), {
    kind: 'git.release',
    repository: 'Acme/Shop/Api',
    tag: 'v2.4.0',
    action: 'create',
    draft: false,
    prerelease: false,
    sha: A,
    actor: null,
    timeMs: JANUARY,
    timeSource: 'created_at (iso)',
  });
  const edited = fact(read('gitlab-release', { action: 'update' }));
  assert.ok(edited?.kind === 'git.release');
  assert.equal(edited.timeMs, null);
});

test('jobs, and kinds with nothing to make of, are ignored', () => {
  const job = read('gitlab-push', { object_kind: 'build' });
  assert.ok(job.kind === 'ignored');
  assert.match(job.reason, /pipeline/);
  for (const object_kind of ['note', 'issue', 'constructor']) {
    assert.equal(readGitlab(readerInput({ object_kind })).kind, 'ignored');
  }
});

test('hooks of groups and of the instance say what they are in event_name', () => {
  assert.equal(readGitlab(readerInput({ event_name: 'user_add_to_group' })).kind, 'ignored');
  assert.equal(read('gitlab-push', { object_kind: undefined }).kind, 'facts');
});

test('what is not an event of GitLab is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readGitlab>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readGitlab(readerInput([]))), '');
  assert.equal(pointerOf(readGitlab(readerInput({}))), '/object_kind');
  for (const object_kind of ['push', 'merge_request', 'pipeline', 'deployment', 'release']) {
    assert.equal(pointerOf(readGitlab(readerInput({ object_kind }))), '/project/path_with_namespace', object_kind);
  }
  assert.equal(pointerOf(read('gitlab-merge-request', { iid: 'x' }, 'object_attributes')), '/object_attributes/iid');
  assert.equal(pointerOf(read('gitlab-release', { tag: '' })), '/tag');
});
