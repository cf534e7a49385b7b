import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleEvents } from './sample-events.ts';
import { sampleOf, sampleTypes } from './samples.ts';

const READ = [
  ...['image.pushed', 'image.deleted', 'image.available', 'chart.pushed'],
  ...['git.pushed', 'git.tagged', 'git.deleted', 'git.released'],
  ...['change_request.updated', 'change_request.merged', 'run.finished', 'run.updated', 'deployment.reported'],
];

describe('the samples', () => {
  test('are of every event that is announced or read from what a sender says, one each', () => {
    assert.deepEqual(sampleTypes.toSorted(), [...Object.keys(sampleEvents), ...READ].sort());
  });

  test('are whole, and bare where a sender may leave something unsaid', () => {
    const pushed = sampleOf('image.pushed') ?? assert.fail();
    assert.deepEqual(Object.keys(pushed.data), Object.keys(pushed.bare));
    assert.deepEqual([pushed.data.pushedAt, pushed.bare.pushedAt], ['2026-03-04T09:30:00.000Z', null]);
  });

  test('are asked for by name, and nothing else is', () => {
    assert.equal(sampleOf('deployment.completed')?.data, sampleEvents['deployment.completed']);
    for (const other of ['', 'pong', 'toString', '__proto__']) assert.equal(sampleOf(other), undefined, other);
  });
});
