import { test } from 'node:test';
import fc from 'fast-check';
import type { OpenStore } from './harness.ts';
import type { Dice, World } from './model.ts';
import { createWorld, openTickets } from './model.ts';
import { checkDue, checkHistory, checkLanes } from './model-checks.ts';
import { checkReceipts } from './model-receipt-checks.ts';
import { STEPS, settleAll } from './model-steps.ts';
import { giving, subscribed, succeeding, TENANT } from './samples.ts';

/** Runs have any length up to this; on failure fast-check prints its seed and the run. */
const MAX_STEPS = 130;

const NAMES = Object.entries(STEPS).flatMap(([name, { weight }]) => Array.from({ length: weight }, () => name));

const PLAIN = { noNullPrototype: true };
const throws = { a: fc.nat(9999), b: fc.nat(9999), c: fc.nat(9999), ms: fc.nat(20_000) };
const thrown = fc.record({ name: fc.constantFrom(...NAMES), dice: fc.record(throws, PLAIN) }, PLAIN);

/**
 * Random interleavings of everything that may happen to a store, against a model of its own.
 * @param options.runs runs of 65 steps on average, each on a fresh store
 * @param options.shrinks whether a failing run is shortened; takes hundreds of runs more
 */
export function modelTest(name: string, open: OpenStore, options: { runs: number; shrinks: boolean }): void {
  void test(`${name} store: whatever happens, each delivery is open once or closed once, and nothing is lost`, async () => {
    const steps = fc.array(thrown, { maxLength: MAX_STEPS, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, (run) => runOnce(open, run)),
      { numRuns: options.runs, endOnFailure: !options.shrinks },
    );
  });
}

async function runOnce(open: OpenStore, run: readonly { name: string; dice: Dice }[]): Promise<void> {
  const under = await open();
  try {
    const subscriptions = [await subscribed(under.store), await subscribed(under.store), await subscribed(under.store)];
    const world = createWorld(under, subscriptions, await under.store.configVersion(TENANT));
    for (const { name, dice } of run) await STEPS[name]?.step(world, dice);
    await checkAll(world);
    await drain(world);
    await checkAll(world);
  } finally {
    await under.close();
  }
}

async function checkAll(world: World): Promise<void> {
  await world.under.crash();
  await world.under.advance(60_000);
  await checkDue(world, 50);
  await checkLanes(world);
  await checkHistory(world);
  await checkReceipts(world);
}

/** Closes all that is open, so that the last check sees every delivery closed. */
async function drain(world: World): Promise<void> {
  const open = openTickets(world);
  await settleAll(
    world,
    open.map((ticket, index) => (index % 2 === 0 ? succeeding(ticket) : giving(ticket, 'expired'))),
  );
}
