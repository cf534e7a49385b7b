import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readDeployment, readPipeline } from './gitlab-run.ts';

const A = 'a1'.repeat(20);
const JANUARY = 1_767_225_600_000;

function pipeline(fields: object = {}, more: object = {}) {
  const body = sample('gitlab-pipeline');
  const object_attributes = { ...Object(body.object_attributes), ...fields };
  const reading = readPipeline(readerInput({ ...body, object_attributes, ...more }));
  const fact = reading.kind === 'facts' ? reading.facts[0]?.fact : undefined;
  return fact?.kind === 'ci.run' ? fact : null;
}

function deployment(fields: object = {}) {
  const reading = readDeployment(readerInput({ ...sample('gitlab-deployment'), ...fields }));
  const fact = reading.kind === 'facts' ? reading.facts[0]?.fact : undefined;
  return fact?.kind === 'deployment.status' ? fact : null;
}

test('a pipeline of a tag has the tag, and the time it finished', () => {
  assert.deepEqual(pipeline(), {
    kind: 'ci.run',
    repository: 'Acme/Shop/Api',
    status: 'success',
    name: 'release',
    runId: '7711',
    ref: 'refs/tags/v2.4.0',
    sha: A,
    tag: 'v2.4.0',
    pullRequest: 42,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'object_attributes.finished_at (iso)',
  });
});

test('a pipeline of a branch has no tag', () => {
  const read = pipeline({ tag: false, ref: 'main' }, { merge_request: null });
  assert.deepEqual([read?.ref, read?.tag, read?.pullRequest], ['refs/heads/main', null, null]);
});

test("a fork's branch is not the branch of that name here", () => {
  const merge_request = { iid: 42, source_project_id: 9, target_project_id: 3 };
  assert.equal(pipeline({ tag: false, ref: 'main' }, { merge_request })?.ref, null);
});

test('every state of a pipeline has a meaning, and only success is success', () => {
  const pending = ['created', 'waiting_for_resource', 'preparing', 'pending', 'scheduled', 'manual'];
  for (const status of pending) assert.equal(pipeline({ status })?.status, 'pending', status);
  for (const status of ['running', 'canceling']) assert.equal(pipeline({ status })?.status, 'running', status);
  assert.equal(pipeline({ status: 'failed' })?.status, 'failed');
  assert.equal(pipeline({ status: 'canceled' })?.status, 'cancelled');
  assert.equal(pipeline({ status: 'skipped' })?.status, 'skipped');
  for (const status of ['new_word', null]) assert.equal(pipeline({ status }), null);
});

test('a pipeline that goes on did not finish when it finished before', () => {
  assert.equal(pipeline({ status: 'running' })?.timeMs, null);
});

test('the whole commit of a deployment stands only in the address of its page', () => {
  assert.deepEqual(deployment(), {
    kind: 'deployment.status',
    repository: 'Acme/Shop/Api',
    status: 'failed',
    environment: 'staging',
    ref: null,
    sha: A,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'status_changed_at (iso)',
  });
  for (const commit_url of [null, '', `https://gitlab.example.com/commit/${A.slice(0, 8)}`, `/commit/${A}/x`]) {
    assert.equal(deployment({ commit_url })?.sha, null);
  }
  assert.equal(deployment({ status: 'blocked' })?.status, 'pending');
  assert.equal(deployment({ status: 'new_word' }), null);
});
