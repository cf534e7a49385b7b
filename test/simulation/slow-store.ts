/**
 * A store as a process sees it across a thread: requests take time to get there and answers to come back, both in
 * order. When the process ends, what did not get there is not done, and answers reach nobody.
 */
import type { Store } from '../../src/ports.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Dice } from './dice.ts';

/** Called with what an operation came to, at the time at which it was done. */
export type Observe = <Name extends keyof Store>(name: Name, args: readonly unknown[], result: unknown) => void;

export interface Line {
  clock: VirtualClock;
  dice: Dice;
  /** The longest way in one direction; 0 does without timers. */
  maxMs(): number;
  alive(): boolean;
  observe: Observe;
}

/** Two things at the same time keep their order by this much. */
const APART_MS = 0.001;

/** `store` at the other end of a line. */
export function slowStore(store: Store, line: Line): Store {
  const way = { there: orderly(line), back: orderly(line) };
  const entries = Object.entries(store).map(([name, value]) =>
    typeof value === 'function' ? [name, overLine(name as keyof Store, value as Operation, line, way)] : [name, value],
  );
  return Object.fromEntries(entries) as Store;
}

type Operation = (...args: unknown[]) => Promise<unknown>;
type Way = Record<'there' | 'back', (run: () => void) => void>;

function overLine(name: keyof Store, operation: Operation, line: Line, way: Way): Operation {
  const run = async (args: unknown[]) => {
    const result = await operation(...args);
    line.observe(name, args, result);
    return result;
  };
  return (...args) =>
    new Promise((resolve, reject) => {
      way.there(() => {
        run(args).then(
          (result) => way.back(() => resolve(result)),
          (error: unknown) => way.back(() => reject(error as Error)),
        );
      });
    });
}

/** Runs things in order, each after a while of its own, as long as the process lives. */
function orderly({ clock, dice, maxMs, alive }: Line): (run: () => void) => void {
  let lastMs = 0;
  return (run) => {
    if (!alive()) return;
    if (maxMs() === 0) {
      run();
      return;
    }
    const nowMs = clock.monotonicMs();
    lastMs = Math.max(lastMs + APART_MS, nowMs + dice.between(0, maxMs()));
    clock.after(lastMs - nowMs, () => alive() && run());
  };
}
