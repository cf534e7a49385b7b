/** Whether an item may wait for its turn in memory, as a value; `steps.ts` makes it happen. */
import type { Admission } from '../core/circuit.ts';
import { isProbedHourly } from '../core/probe.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { holdOf } from '../flows/targets.ts';
import type { Hold } from '../ports.ts';
import type { Item } from './item.ts';

export type Entry =
  /** It is let in; `probe` when it is the one that finds out whether the receiver is there again. */
  { kind: 'in'; probe: boolean } | PutBack;

/** Where an item goes that may not wait in memory. */
export type PutBack =
  /** Into its subscription's lane. */
  | { kind: 'park'; hold: Hold }
  /** Back into the due index, for a later probe. */
  | { kind: 'postpone'; delayMs: number }
  /** It stays in the lane it was read from. */
  | { kind: 'leave' };

/** Nothing holds it back. */
export const LET_IN: Entry = { kind: 'in', probe: false };
/** Its subscription's queue has no room. */
export const FULL: Hold = { reason: 'full', key: '' };
/** It stays where the store has it. */
export const LEAVE: PutBack = { kind: 'leave' };
const CIRCUIT: Hold = { reason: 'circuit', key: '' };

/** What holds one item of a subscription. Whoever pauses it, or switches it off, stops its probes too. */
export function holdOn({ probe }: Pick<Item, 'probe'>, subscription: LiveSubscription): Hold | null {
  return probe && isProbedHourly(subscription) ? null : holdOf(subscription);
}

/**
 * Decides for one item.
 * @param hold what a person or its failures hold the subscription with
 * @param circuit `admit` is asked only when it matters, because asking takes a place among the probes
 */
export function decideEntry(
  { ticket, probe }: Item,
  hold: Hold | null,
  circuit: { open: boolean; admit(): Admission },
): Entry {
  const isInLane = ticket.place.kind === 'lane';
  if (hold !== null) return isInLane ? LEAVE : { kind: 'park', hold: { ...hold, key: '' } };
  if (probe) return { kind: 'in', probe };
  if (!circuit.open) return LET_IN;
  if (isInLane) return LEAVE;
  const admitted = circuit.admit();
  switch (admitted.kind) {
    case 'send':
      return LET_IN;
    case 'probe':
      return { kind: 'in', probe: true };
    case 'postpone':
      return { kind: 'postpone', delayMs: admitted.delayMs };
    case 'park':
      return { kind: 'park', hold: CIRCUIT };
  }
}
