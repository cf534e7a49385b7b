/** One fact of each kind, in full and as bare as it can be, for documents. */
import type { Fact } from './fact.ts';

/** `bare`: null wherever a sender may leave something unsaid. */
export interface SampleFact {
  full: Fact;
  bare: Fact;
}

const HAPPENED = { timeMs: Date.UTC(2026, 2, 4, 9, 30), timeSource: 'received', actor: 'mika' };
const UNSAID = { timeMs: null, timeSource: 'received', actor: null };
const REPOSITORY = 'acme/checkout';
const SHA = '6d1f0f6a0c8e4b7b9d35a2f1c7e8b9a0d4c3b2a1';
const BEFORE = '1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e';
const DIGEST = `sha256:${'4f'.repeat(32)}`;

function image(
  kind: Extract<Fact, { digest: unknown }>['kind'],
  place: { repository: string; tag: string },
  origin: Extract<Fact, { origin: unknown }>['origin'],
): SampleFact {
  const full = { kind, registry: 'registry.example.com', ...place, digest: DIGEST, origin, ...HAPPENED };
  return { full, bare: { ...full, registry: null, tag: null, digest: null, ...UNSAID } };
}

const pushed = {
  kind: 'git.push',
  repository: REPOSITORY,
  ref: 'refs/heads/main',
  sha: SHA,
  before: BEFORE,
  tag: null,
  created: false,
  forced: false,
  ...HAPPENED,
} as const;
const tagged = {
  ...pushed,
  kind: 'git.tag',
  ref: 'refs/tags/v2.4.0',
  tag: 'v2.4.0',
  before: null,
  created: true,
} as const;
const request = {
  kind: 'change_request',
  repository: REPOSITORY,
  number: 42,
  action: 'closed',
  merged: true,
  ref: 'refs/heads/main',
  sha: SHA,
  ...HAPPENED,
} as const;
const run = {
  kind: 'ci.run',
  repository: REPOSITORY,
  status: 'success',
  name: 'build',
  runId: '7711',
  ref: 'refs/heads/main',
  sha: SHA,
  tag: null,
  pullRequest: null,
  ...HAPPENED,
} as const;
const released = {
  kind: 'git.release',
  repository: REPOSITORY,
  tag: 'v2.4.0',
  action: 'published',
  draft: false,
  prerelease: false,
  sha: null,
  ...HAPPENED,
} as const;
const reported = {
  kind: 'deployment.status',
  repository: REPOSITORY,
  status: 'success',
  environment: 'production',
  ref: 'v2.4.0',
  sha: SHA,
  ...HAPPENED,
} as const;

const unsaid = <Full extends Fact>(full: Full, names: readonly (keyof Full)[]): SampleFact => ({
  full,
  bare: { ...full, ...UNSAID, ...Object.fromEntries(names.map((name) => [name, null])) },
});

/** Every event type that facts become has a sample here. */
export const sampleFacts: readonly SampleFact[] = [
  image('image.push', { repository: REPOSITORY, tag: 'v2.4.0' }, 'user'),
  image('image.delete', { repository: REPOSITORY, tag: 'v1.9.0' }, 'user'),
  image('image.available', { repository: REPOSITORY, tag: 'v2.4.0' }, 'replication'),
  image('chart.push', { repository: 'acme/charts/checkout', tag: '2.4.0' }, 'ci'),
  unsaid(pushed, ['before']),
  unsaid(tagged, ['sha']),
  unsaid({ ...pushed, kind: 'git.delete', sha: null } as const, ['before']),
  unsaid(released, ['tag', 'action']),
  unsaid({ ...request, action: 'opened', merged: false } as const, ['action', 'ref', 'sha']),
  unsaid(request, ['action', 'ref', 'sha']),
  unsaid(run, ['name', 'runId', 'ref', 'sha']),
  unsaid({ ...run, status: 'running' } as const, ['name', 'runId', 'ref', 'sha']),
  unsaid(reported, ['environment', 'ref', 'sha']),
];
