import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readCheckSuite, readDeploymentStatus, readWorkflowRun } from './github-run.ts';
import type { Reader } from './reading.ts';

const A = 'a1'.repeat(20);
const JANUARY = 1_767_225_600_000;

function reading(reader: Reader, file: string, of: string, fields: object) {
  const body = sample(file);
  return reader(readerInput({ ...body, [of]: { ...Object(body[of]), ...fields } }));
}

function run(
  fields: object = {},
  reader: Reader = readWorkflowRun,
  [file, of] = ['github-workflow-run', 'workflow_run'],
) {
  const read = reading(reader, file ?? '', of ?? '', fields);
  const fact = read.kind === 'facts' ? read.facts[0]?.fact : undefined;
  return fact?.kind === 'ci.run' ? fact : null;
}

function suite(fields: object = {}) {
  return run(fields, readCheckSuite, ['github-check-suite', 'check_suite']);
}

test('a workflow run is told with the name of its workflow where it has none of its own', () => {
  assert.deepEqual(run(), {
    kind: 'ci.run',
    repository: 'Acme/Api',
    status: 'success',
    name: 'build',
    runId: '7711',
    ref: 'refs/heads/main',
    sha: A,
    tag: null,
    pullRequest: 42,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'workflow_run.updated_at (iso)',
  });
  assert.equal(run({ name: 'Release' })?.name, 'Release');
});

test('every conclusion has a meaning, and only success is success', () => {
  for (const [conclusion, status] of [
    ['success', 'success'],
    ['failure', 'failed'],
    ['timed_out', 'failed'],
    ['startup_failure', 'failed'],
    ['cancelled', 'cancelled'],
    ['stale', 'cancelled'],
    ['skipped', 'skipped'],
    ['neutral', 'skipped'],
    ['action_required', 'pending'],
  ] as const) {
    assert.equal(run({ conclusion })?.status, status, conclusion);
  }
  for (const conclusion of [null, 'new_word', '']) assert.equal(run({ conclusion }), null);
});

test('the conclusion of an earlier attempt does not end a run that goes on', () => {
  for (const [status, meaning] of [
    ['requested', 'pending'],
    ['queued', 'pending'],
    ['pending', 'pending'],
    ['waiting', 'pending'],
    ['in_progress', 'running'],
  ] as const) {
    assert.equal(run({ status, conclusion: 'success' })?.status, meaning, status);
  }
  assert.equal(run({ status: 'new_word' }), null);
});

test('a suite that somebody asks for once more has not succeeded because it did before', () => {
  const body = sample('github-check-suite');
  const check_suite = { ...Object(body.check_suite), conclusion: 'success' };
  const statusOf = (action: unknown) => {
    const read = readCheckSuite(readerInput({ ...body, action, check_suite }));
    const fact = read.kind === 'facts' ? read.facts[0]?.fact : undefined;
    return fact?.kind === 'ci.run' ? fact.status : null;
  };
  assert.equal(statusOf('completed'), 'success');
  for (const action of ['rerequested', 'requested', undefined]) assert.equal(statusOf(action), 'pending');
});

test("a fork's branch is not the branch of that name here", () => {
  assert.equal(run({ head_repository: { full_name: 'mika/Api' } })?.ref, null);
  assert.equal(run({ head_repository: null })?.ref, null);
  assert.equal(run({ head_repository: { full_name: 'acme/api' } })?.ref, 'refs/heads/main');
});

test('a run for a release ran on its tag', () => {
  const released = run({ event: 'release', head_branch: 'v2.4.0' });
  assert.deepEqual([released?.ref, released?.tag], ['refs/tags/v2.4.0', 'v2.4.0']);
});

test('a check suite is told by the app whose checks they are', () => {
  assert.deepEqual(suite(), {
    kind: 'ci.run',
    repository: 'Acme/Api',
    status: 'failed',
    name: 'lint',
    runId: '8822',
    ref: 'refs/heads/main',
    sha: A,
    tag: null,
    pullRequest: null,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'check_suite.updated_at (iso)',
  });
  assert.equal(suite({ head_branch: null })?.ref, null);
  assert.equal(suite({ pull_requests: [{ number: 7 }] })?.pullRequest, 7);
});

test('a status of a deployment is told with what was deployed and where', () => {
  const deployed = reading(readDeploymentStatus, 'github-deployment-status', 'deployment_status', {});
  assert.ok(deployed.kind === 'facts');
  assert.deepEqual(deployed.facts[0]?.fact, {
    kind: 'deployment.status',
    repository: 'Acme/Api',
    status: 'running',
    environment: 'production',
    ref: 'v2.4.0',
    sha: A,
    actor: 'mika',
    timeMs: JANUARY,
    timeSource: 'deployment_status.created_at (iso)',
  });
});

test('every state of a deployment has a meaning; being replaced by another one has none', () => {
  const statusOf = (state: string) => {
    const read = reading(readDeploymentStatus, 'github-deployment-status', 'deployment_status', { state });
    const fact = read.kind === 'facts' ? read.facts[0]?.fact : undefined;
    return fact?.kind === 'deployment.status' ? fact.status : read.kind;
  };
  const words = ['queued', 'pending', 'waiting', 'in_progress', 'success', 'failure', 'error', 'inactive'];
  assert.deepEqual(words.map(statusOf), [
    'pending',
    'pending',
    'pending',
    'running',
    'success',
    'failed',
    'failed',
    'ignored',
  ]);
});

test('a run of no repository is unreadable', () => {
  for (const reader of [readWorkflowRun, readCheckSuite, readDeploymentStatus]) {
    assert.deepEqual(reader(readerInput({})), {
      kind: 'unreadable',
      reason: 'No repository is named.',
      pointer: '/repository/full_name',
    });
  }
});
