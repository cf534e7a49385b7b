/**
 * `hookyard serve` with faults at exact places of its store: told by FAULTS, it ends itself between the commit of a
 * receipt and its answer, takes its time over the tasks that follow, and lives later than it is.
 */
import { setTimeout as later } from 'node:timers/promises';
import { Command } from 'commander';
import { withSettings } from '../../src/cli/flags.ts';
import { processTerminal, startHookyard } from '../../src/cli/start.ts';
import type { Store } from '../../src/ports.ts';
import { movedClock } from '../support/moved-clock.ts';

/** What goes wrong in one life of a process. */
export interface Faults {
  /** It is killed after it stored so many receipts, before the last one is answered; never when null. */
  killAfterReceipts: number | null;
  /** Each receipt that a task works through takes so much longer, in milliseconds. */
  taskStepMs: number;
  /** Its clocks are ahead by so much. */
  aheadMs: number;
}

const { killAfterReceipts, taskStepMs, aheadMs }: Faults = JSON.parse(process.env.FAULTS ?? 'null');

function around(store: Store): Store {
  let stored = 0;
  return {
    ...store,
    async recordReceipt(request) {
      const outcome = await store.recordReceipt(request);
      if (++stored === killAfterReceipts) process.kill(process.pid, 'SIGKILL');
      return outcome;
    },
    async reviseReceipt(request) {
      await later(taskStepMs);
      return store.reviseReceipt(request);
    },
  };
}

const world = movedClock();
world.advance(aheadMs);
const program = new Command('hookyard');
withSettings(program.command('serve')).action((flags) =>
  startHookyard({ flags }, processTerminal, { ...world, around }),
);
await program.parseAsync();
