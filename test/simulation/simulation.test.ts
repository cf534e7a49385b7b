import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './check.ts';
import { FOUND } from './found.ts';
import { HOURS, MINUTES, type Size } from './scenario.ts';
import { simulate } from './simulate.ts';

/** The same scenarios in every run; `npm run simulate` draws others. */
const SEED = 20_261_122;

const SIMULATIONS: readonly { title: string; size: Size; runs: number }[] = [
  { title: 'in minutes of trouble every promise of the scheduler is kept', size: MINUTES, runs: 160 },
  { title: 'through outages of an hour every promise of the scheduler is kept', size: HOURS, runs: 20 },
];

for (const { title, size, runs } of SIMULATIONS) {
  test(title, async (t) => {
    const { failure, ...sum } = await check(size, { runs, seed: SEED });
    t.diagnostic(
      `${sum.scenarios} scenarios (seed ${sum.seed}), ${Math.round(sum.simulatedS / 3600)} hours, ` +
        `${sum.requests} requests for ${sum.deliveries} deliveries`,
    );
    assert.equal(failure, null, failure ?? '');
    assert.ok(sum.requests > 100, `only ${sum.requests} requests`);
  });
}

for (const [title, scenario] of Object.entries(FOUND)) {
  test(title, async () => {
    const { complaints, requests } = await simulate(scenario);
    assert.deepEqual(complaints, []);
    assert.ok(requests > 0);
  });
}
