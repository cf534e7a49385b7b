/** Processes that share a store, as flows see them. */
import { createMac } from '../../src/adapters/mac.ts';
import { createMemoryCluster } from '../../src/adapters/memory/cluster.ts';
import type { Random } from '../../src/ports.ts';
import { type FakePorts, fakePorts } from './ports.ts';
import { steppedClock } from './stepped-clock.ts';

export interface Processes {
  here: FakePorts;
  there: FakePorts;
}

/** Two processes on one store in memory, each with its own cache, clock and dice. What is handed over goes nowhere. */
export function twoProcesses(): Processes {
  const cluster = createMemoryCluster({ now: steppedClock().nowMs });
  const one = (name: string) => fakePorts({ store: cluster.join().store, random: diceOf(name) });
  return { here: one('here'), there: one('there') };
}

/** Dice that fall the same way in every run, and otherwise for each name. */
function diceOf(name: string): Random {
  const mac = createMac();
  let drawn = 0;
  return { roll: () => 0.5, bytes: (count) => new Uint8Array(mac.sha256(`${name} ${drawn++}`)).slice(0, count) };
}
