import assert from 'node:assert/strict';
import test from 'node:test';
import { isEventType } from './event.ts';
import { eventOf } from './fact-event.ts';
import type { ImageFact } from './receipt.ts';

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
  assert.equal(eventOf({ kind: 'ping' }, lineage), null);
});
