import assert from 'node:assert/strict';
import test from 'node:test';
import {
  commitAt,
  flagAt,
  numberAt,
  readPush,
  refAt,
  repositoryNameAt,
  shortRefAt,
  tagNameAt,
  tagOfRef,
} from './git.ts';

const A = 'a1'.repeat(20);
const B = 'b2'.repeat(20);
const ZERO = '0'.repeat(40);

function pushed(fields: object) {
  const body = { project: 'Acme/Api', ref: 'refs/heads/main', before: B, after: A, ...fields };
  return readPush(body, { repository: ['project'], taggedCommit: ['commit'], time: null, actor: null });
}

function fact(fields: object) {
  const reading = pushed(fields);
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const read = reading.facts[0]?.fact;
  assert.ok(read?.kind === 'git.push' || read?.kind === 'git.tag' || read?.kind === 'git.delete');
  return read;
}

test('a repository keeps its case and all its groups', () => {
  for (const name of ['Acme/Api', 'group1/group2/group3/Api', '~mika/notes', 'a/.github']) {
    assert.deepEqual(repositoryNameAt({ name }, ['name']), { value: name, pointer: '/name' });
  }
  for (const name of ['api', '', '/api', 'acme/', 'a//b', 'a/../b', './b', 'a b/c', 7, null]) {
    assert.equal(repositoryNameAt({ name }, ['name']), null, String(name));
  }
});

test('a ref is the full name of a branch or tag', () => {
  for (const ref of ['refs/heads/main', 'refs/tags/v1.0.0', 'refs/heads/feature/ünïcode-1']) {
    assert.equal(refAt({ ref }, ['ref'])?.value, ref);
  }
  const others = ['main', 'refs/heads/', 'refs/notes/x', 'refs/heads/a..b', 'refs/heads/a b', 'refs/heads/a~1'];
  for (const ref of [...others, 'refs/heads/a//b', 'refs/heads/a/', 'refs/heads/a@{0}', 'refs/heads/a:b', 5]) {
    assert.equal(refAt({ ref }, ['ref']), null, String(ref));
  }
});

test('short names become full ones, full ones stay, and nothing becomes two refs at once', () => {
  const full = (ref: unknown, prefix?: string) => shortRefAt({ ref }, ['ref'], prefix)?.value ?? null;
  assert.equal(full('main'), 'refs/heads/main');
  assert.equal(full('v1', 'refs/tags/'), 'refs/tags/v1');
  assert.equal(full('refs/tags/v1'), 'refs/tags/v1');
  for (const ref of ['refs/merge-requests/1/head', '/main', 'a:b', '', null]) assert.equal(full(ref), null);
});

test('only refs of tags have a tag, and a tag may have slashes', () => {
  const tag = (ref: unknown) => tagOfRef(refAt({ ref }, ['ref']));
  assert.deepEqual(tag('refs/tags/api/v1'), { value: 'api/v1', pointer: '/ref' });
  assert.equal(tag('refs/heads/v1'), null);
  assert.deepEqual(tagNameAt({ tag: 'v1' }, ['tag']), { value: 'v1', pointer: '/tag' });
  assert.equal(tagNameAt({ tag: 'refs/heads/v1' }, ['tag']), null);
});

test('a commit has 40 or 64 hex digits in lower case, not all of them zero', () => {
  for (const sha of [A, 'c3'.repeat(32)]) assert.equal(commitAt({ sha }, ['sha'])?.value, sha);
  for (const sha of [ZERO, '0'.repeat(64), A.toUpperCase(), A.slice(1), 'abc1234', `${A}0`, null]) {
    assert.equal(commitAt({ sha }, ['sha']), null);
  }
});

test('flags are booleans and numbers are whole and positive', () => {
  assert.deepEqual(flagAt({ a: true }, ['a']), { value: true, pointer: '/a' });
  for (const a of ['true', 1, null, undefined]) assert.deepEqual(flagAt({ a }, ['a']), { value: false, pointer: null });
  assert.deepEqual(numberAt({ a: 7 }, ['a']), { value: 7, pointer: '/a' });
  for (const a of [0, -1, 1.5, 2 ** 53, '7', null]) assert.equal(numberAt({ a }, ['a']), null);
});

test('a push moves a branch from one commit to another, with the pointer of each', () => {
  const reading = pushed({ forced: true });
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts, [
    {
      fact: {
        kind: 'git.push',
        repository: 'Acme/Api',
        ref: 'refs/heads/main',
        sha: A,
        before: B,
        tag: null,
        created: false,
        forced: true,
        actor: null,
        timeMs: null,
        timeSource: 'received',
      },
      provenance: {
        kind: '/ref',
        repository: '/project',
        ref: '/ref',
        sha: '/after',
        before: '/before',
        created: '/before',
        forced: '/forced',
      },
    },
  ]);
});

test('zeros before mean new, zeros after mean gone', () => {
  const made = fact({ before: ZERO });
  assert.deepEqual([made.kind, made.created, made.before], ['git.push', true, null]);
  const gone = fact({ after: ZERO });
  assert.deepEqual([gone.kind, gone.sha, gone.before, gone.tag], ['git.delete', null, B, null]);
  const untagged = fact({ ref: 'refs/tags/v1', after: ZERO, commit: A });
  assert.deepEqual([untagged.kind, untagged.sha, untagged.tag], ['git.delete', null, 'v1']);
  assert.equal(fact({ before: '0'.repeat(64), after: 'c3'.repeat(32) }).created, true);
});

test('an annotated tag points to its commit, not to the tag object', () => {
  const tagged = fact({ ref: 'refs/tags/v1', before: ZERO, after: B, commit: A });
  assert.deepEqual([tagged.kind, tagged.sha, tagged.tag], ['git.tag', A, 'v1']);
  assert.equal(fact({ ref: 'refs/tags/v1', after: B }).sha, B);
  assert.equal(fact({ after: B, commit: A }).sha, B);
});

test('what is no push is unreadable, with the field at fault', () => {
  const pointerOf = (fields: object) => {
    const reading = pushed(fields);
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf({ project: 'api' }), '/project');
  assert.equal(pointerOf({ ref: 'main' }), '/ref');
  assert.equal(pointerOf({ ref: 'refs/notes/commits' }), '/ref');
  assert.equal(pointerOf({ after: 'abc' }), '/after');
  assert.equal(pointerOf({ before: undefined }), 'facts');
});
