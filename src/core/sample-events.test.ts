import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEventType } from './event.ts';
import { sampleEvents } from './sample-events.ts';

/** The fields of seed 001's payloads and of those the design composes from them: names of leaves, `[]` for lists. */
const COMPONENTS = ['release.components[].digest', 'release.components[].name'];
const ENVIRONMENTS = [
  'sourceEnvironment.id',
  'sourceEnvironment.name',
  'targetEnvironment.id',
  'targetEnvironment.name',
];
const RELEASE = ['release.id', 'release.name'];
const person = (role: string) => [`${role}.email`, `${role}.id`, `${role}.name`];
const DEPLOYMENT = [
  'deploymentJob.id',
  'deploymentJob.status',
  'environment.id',
  'environment.name',
  'promotion.id',
  'promotion.requestedBy',
  ...RELEASE,
  ...COMPONENTS,
  'targets[].id',
  'targets[].name',
  'targets[].status',
  'timing.startedAt',
];
const ENDED = [...DEPLOYMENT, 'timing.completedAt', 'timing.durationSeconds'];
const DECIDED = ['promotion.id', 'promotion.status', ...RELEASE, ...ENVIRONMENTS];
const SUBSCRIPTION = ['subscription.host', 'subscription.id', 'subscription.name', 'subscription.owner'];
const APPROVALS = ['approvals.count', 'approvals.currentApprovals'];

const FIELDS: Record<string, readonly string[]> = {
  'release.created': [...RELEASE, ...COMPONENTS, ...person('createdBy')],
  'promotion.requested': [
    ...DECIDED,
    ...person('requestedBy'),
    'approvalRequired.count',
    'approvalRequired.currentApprovals',
  ],
  'promotion.approved': [...DECIDED, ...person('approvedBy'), ...APPROVALS],
  'promotion.rejected': [...DECIDED, ...person('rejectedBy'), ...APPROVALS, 'reason'],
  'deployment.started': DEPLOYMENT,
  'deployment.completed': ENDED,
  'deployment.failed': [...ENDED, 'error.code', 'error.message'],
  'rollback.initiated': [
    'rollback.id',
    'rollback.reason',
    'rollback.automatic',
    'deploymentJob.id',
    'deploymentJob.status',
    ...RELEASE,
    ...COMPONENTS,
    'fromRelease.id',
    'fromRelease.name',
    'environment.id',
    'environment.name',
    ...person('initiatedBy'),
  ],
  'subscription.warning': [...SUBSCRIPTION, 'consecutiveFailures', 'threshold', 'percent'],
  'subscription.disabled': [...SUBSCRIPTION, 'reason', 'since'],
  'subscription.enabled': SUBSCRIPTION,
  'source.rejecting': ['source.id', 'source.name', 'source.type', 'rejected', 'since', 'reason'],
  ping: ['message'],
};

function leaves(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => leaves(item, `${path}[]`)))];
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, item]) => leaves(item, path === '' ? name : `${path}.${name}`));
}

describe('the sample events', () => {
  test('are those of seed 001, those about subscriptions and sources, and a ping', () => {
    assert.deepEqual(Object.keys(sampleEvents).sort(), Object.keys(FIELDS).sort());
  });

  for (const [type, data] of Object.entries(sampleEvents)) {
    test(`${type} has exactly the fields of its payload`, () => {
      assert.ok(isEventType(type));
      assert.deepEqual(leaves(data, '').sort(), [...(FIELDS[type] ?? [])].sort());
    });
  }

  test('say in their states what their type says', () => {
    const states = sampleEvents['deployment.failed'];
    assert.deepEqual([states.deploymentJob.status, states.targets[0].status], ['failed', 'failed']);
    assert.equal(sampleEvents['deployment.started'].deploymentJob.status, 'running');
    assert.equal(sampleEvents['deployment.completed'].targets[0].status, 'succeeded');
    assert.equal(sampleEvents['promotion.requested'].promotion.status, 'pending_approval');
  });
});
