/**
 * A sample `data` for each event type of seed 001, in exactly its shapes, for those about subscriptions and sources and
 * for a ping (seed 004). Values are made up, names of fields are not.
 */

const release = {
  id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a101',
  name: 'checkout-v2.4.0',
};
const components = [
  { name: 'api', digest: 'sha256:8f4a1c0e6b2d97553e8c1f0a4b7d2e69c5308f1ab46d7e902c3b5a8814ef6d20' },
  { name: 'web', digest: 'sha256:3b5a8814ef6d20c1f0a4b7d2e69c5308f1ab46d7e902c8f4a1c0e6b2d97553e8' },
];
const staging = { id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a201', name: 'staging' };
const production = { id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a202', name: 'production' };
const promotionId = '019a5b6e-8a00-7c3d-9f10-2b64d0f3a301';
const jobId = '019a5b6e-8a00-7c3d-9f10-2b64d0f3a401';
const rollbackId = '019a5b6e-8a00-7c3d-9f10-2b64d0f3a501';
const requester = { id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a601', email: 'ada@example.com', name: 'Ada Byron' };
const approver = { id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a602', email: 'grace@example.com', name: 'Grace Murray' };
const promotion = { id: promotionId, requestedBy: requester.email };
const host = { id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a701', name: 'prod-host-1' };
const startedAt = '2026-03-04T09:25:00.000Z';
const completedAt = '2026-03-04T09:30:00.000Z';
const timing = { startedAt, completedAt, durationSeconds: 300 };
const subscription = {
  id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a801',
  name: 'Chat of the release team',
  host: 'chat.example.com',
  owner: 'org:7',
};
const source = { id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a901', name: 'Harbor of the shop', type: 'harbor' };
const decided = { release, sourceEnvironment: staging, targetEnvironment: production };

/** Event type → sample data. */
export const sampleEvents = {
  'release.created': { release: { ...release, components }, createdBy: requester },
  'promotion.requested': {
    promotion: { id: promotionId, status: 'pending_approval' },
    ...decided,
    requestedBy: requester,
    approvalRequired: { count: 2, currentApprovals: 0 },
  },
  'promotion.approved': {
    promotion: { id: promotionId, status: 'approved' },
    ...decided,
    approvedBy: approver,
    approvals: { count: 2, currentApprovals: 2 },
  },
  'promotion.rejected': {
    promotion: { id: promotionId, status: 'rejected' },
    ...decided,
    rejectedBy: approver,
    reason: 'The load test on staging failed.',
    approvals: { count: 2, currentApprovals: 1 },
  },
  'deployment.started': {
    deploymentJob: { id: jobId, status: 'running' },
    release: { ...release, components },
    environment: production,
    promotion,
    targets: [{ ...host, status: 'pending' }],
    timing: { startedAt },
  },
  'deployment.completed': {
    deploymentJob: { id: jobId, status: 'completed' },
    release: { ...release, components },
    environment: production,
    promotion,
    targets: [{ ...host, status: 'succeeded' }],
    timing,
  },
  'deployment.failed': {
    deploymentJob: { id: jobId, status: 'failed' },
    release: { ...release, components },
    environment: production,
    promotion,
    targets: [{ ...host, status: 'failed' }],
    timing,
    error: { code: 'health_check_failed', message: 'prod-host-1 did not become healthy in 120 s.' },
  },
  'rollback.initiated': {
    rollback: { id: rollbackId, reason: 'deployment failed', automatic: true },
    deploymentJob: { id: jobId, status: 'failed' },
    release: { ...release, components },
    fromRelease: { id: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a102', name: 'checkout-v2.3.9' },
    environment: production,
    initiatedBy: requester,
  },
  'subscription.warning': { subscription, consecutiveFailures: 35, threshold: 50, percent: 70 },
  'subscription.disabled': { subscription, reason: 'failures', since: completedAt },
  'subscription.enabled': { subscription },
  'source.rejecting': { source, rejected: 5, since: startedAt, reason: 'mismatch' },
  ping: { message: 'A ping shows that deliveries arrive.' },
} as const;
