import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import type { Fact } from '../fact.ts';
import { readPullRequest, readPushed, readRelease } from './github-change.ts';
import type { Reader } from './reading.ts';

const A = 'a1'.repeat(20);
const JANUARY = 1_767_225_600_000;

/** The sample with members of its member `of` replaced; of the sample itself where `of` is ''. */
function changed(file: string, of: string, fields: object): Record<string, unknown> {
  const body = sample(file);
  return of === '' ? { ...body, ...fields } : { ...body, [of]: { ...Object(body[of]), ...fields } };
}

function fact(reader: Reader, body: unknown): Fact | undefined {
  const reading = reader(readerInput(body));
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts[0]?.fact;
}

test('a push is of when the repository was pushed to, not of when somebody committed', () => {
  assert.deepEqual(fact(readPushed, sample('github-push')), {
    kind: 'git.push',
    repository: 'Acme/Api',
    ref: 'refs/heads/main',
    sha: A,
    before: 'b2'.repeat(20),
    tag: null,
    created: false,
    forced: true,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'repository.pushed_at (unix s)',
  });
});

test('a tag points to the commit that GitHub names as its head', () => {
  const read = fact(readPushed, sample('github-push-tag'));
  assert.ok(read?.kind === 'git.tag');
  assert.deepEqual([read.tag, read.sha, read.created], ['v2.4.0', A, true]);
});

test('a merged pull request has its merge commit and the time of the merge', () => {
  assert.deepEqual(fact(readPullRequest, sample('github-pull-request')), {
    kind: 'change_request',
    repository: 'Acme/Api',
    number: 42,
    action: 'closed',
    merged: true,
    ref: 'refs/heads/main',
    sha: A,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'pull_request.merged_at (iso)',
  });
});

test('the trial merge of an unmerged pull request is not its commit', () => {
  const read = fact(
    readPullRequest,
    changed('github-pull-request', 'pull_request', { merged: false, merged_at: null }),
  );
  assert.ok(read?.kind === 'change_request');
  assert.deepEqual([read.merged, read.sha, read.timeSource], [false, null, 'pull_request.updated_at (iso)']);
});

test('a label on a merged pull request merges nothing', () => {
  const reading = readPullRequest(readerInput(changed('github-pull-request', '', { action: 'labeled' })));
  assert.equal(reading.kind, 'ignored');
});

test('a release has its tag, and a time for what was done', () => {
  assert.deepEqual(fact(readRelease, sample('github-release')), {
    kind: 'git.release',
    repository: 'Acme/Api',
    tag: 'v2.4.0',
    action: 'published',
    draft: false,
    prerelease: true,
    sha: null,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'release.published_at (iso)',
  });
  const timeOf = (action: string) => {
    const read = fact(readRelease, changed('github-release', '', { action }));
    return read?.kind === 'git.release' ? read.timeSource : undefined;
  };
  assert.equal(timeOf('created'), 'release.created_at (iso)');
  assert.equal(timeOf('released'), 'release.published_at (iso)');
  assert.equal(timeOf('deleted'), 'received');
});

test('what lacks the thing it is about is unreadable, with the field at fault', () => {
  const pointerOf = (reader: Reader, body: unknown) => {
    const reading = reader(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  for (const [reader, file] of [
    [readPushed, 'github-push'],
    [readPullRequest, 'github-pull-request'],
    [readRelease, 'github-release'],
  ] as const) {
    assert.equal(pointerOf(reader, changed(file, '', { repository: null })), '/repository/full_name', file);
  }
  assert.equal(pointerOf(readRelease, changed('github-release', 'release', { tag_name: '' })), '/release/tag_name');
  const unnumbered = changed('github-pull-request', 'pull_request', { number: null });
  assert.equal(pointerOf(readPullRequest, { ...unnumbered, number: null }), '/number');
});
