import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkClusters } from './cluster-check.ts';

/** The same scenarios in every run; `npm run simulate -- --cluster` draws others. */
const SEED = 20_261_122;
const RUNS = 30;

test('whatever becomes of processes, the others keep the promises of the scheduler', async (t) => {
  const { failure, scenarios, requests, again } = await checkClusters({ runs: RUNS, seed: SEED });
  t.diagnostic(`${scenarios} scenarios (seed ${SEED}), ${requests} requests, ${again} of them again`);
  assert.equal(failure, null, failure ?? '');
  assert.ok(requests > 1000 && again > 0, `${requests} requests, ${again} again`);
});
