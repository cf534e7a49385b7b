import assert from 'node:assert/strict';
import test from 'node:test';
import { isEventType } from './event.ts';
import type { Fact, ImageFact } from './fact.ts';
import { eventOf } from './fact-event.ts';
import { sampleFacts } from './sample-facts.ts';

const lineage = { receiptId: 'r', sourceId: 's' };
const fact: ImageFact = {
  kind: 'image.push',
  registry: 'docker.io',
  repository: 'acme/api',
  tag: 'v1',
  digest: null,
  timeMs: 1_767_225_600_000,
  timeSource: 'push_data.pushed_at (unix s)',
  actor: 'keeper',
  origin: 'user',
};

test('a push becomes image.pushed with exactly the fields of the contract', () => {
  assert.deepEqual(eventOf(fact, lineage), {
    type: 'image.pushed',
    data: {
      image: { registry: 'docker.io', repository: 'acme/api', tag: 'v1', digest: null },
      receiptId: 'r',
      sourceId: 's',
      actor: 'keeper',
      origin: 'user',
      pushedAt: '2026-01-01T00:00:00.000Z',
    },
  });
});

test('a push whose sender gave no time has none', () => {
  assert.equal(eventOf({ ...fact, timeMs: null }, lineage)?.data.pushedAt, null);
});

test('every kind of image fact has its event, a ping has none', () => {
  const typeOf = (kind: ImageFact['kind']) => eventOf({ ...fact, kind }, lineage)?.type ?? '';
  const kinds = ['image.push', 'image.delete', 'image.available', 'chart.push'] as const;
  assert.deepEqual(kinds.map(typeOf), ['image.pushed', 'image.deleted', 'image.available', 'chart.pushed']);
  assert.ok(kinds.map(typeOf).every(isEventType));
  assert.equal(eventOf({ kind: 'ping', repository: null }, lineage), null);
});

test('every other kind of fact becomes its event, with the fields of the fact and where they were read', () => {
  const types = sampleFacts.map(({ full }) => eventOf(full, lineage)?.type);
  assert.deepEqual(types.slice(4), [
    'git.pushed',
    'git.tagged',
    'git.deleted',
    'git.released',
    'change_request.updated',
    'change_request.merged',
    'run.finished',
    'run.updated',
    'deployment.reported',
  ]);
  const run: Fact = {
    kind: 'ci.run',
    repository: 'acme/api',
    status: 'failed',
    name: 'build',
    runId: '7',
    ref: 'refs/heads/main',
    sha: null,
    tag: null,
    pullRequest: 3,
    timeMs: 1_767_225_600_000,
    timeSource: 'received',
    actor: null,
  };
  assert.deepEqual(eventOf(run, lineage)?.data, {
    repository: 'acme/api',
    status: 'failed',
    name: 'build',
    runId: '7',
    ref: 'refs/heads/main',
    sha: null,
    tag: null,
    pullRequest: 3,
    time: '2026-01-01T00:00:00.000Z',
    actor: null,
    receiptId: 'r',
    sourceId: 's',
  });
});

test('a run is finished in every state that nothing follows, and updated before', () => {
  const run = sampleFacts.find(({ full }) => full.kind === 'ci.run')?.full;
  assert.ok(run?.kind === 'ci.run');
  const typeIn = (status: typeof run.status) => eventOf({ ...run, status }, lineage)?.type;
  assert.deepEqual(
    ['success', 'failed', 'cancelled', 'skipped'].map((status) => typeIn(status as typeof run.status)),
    Array(4).fill('run.finished'),
  );
  assert.deepEqual(
    ['pending', 'running'].map((status) => typeIn(status as typeof run.status)),
    Array(2).fill('run.updated'),
  );
});
