/** What waits in memory leaves it, and stays where the store has it; what is in flight goes on. */
import { clear, remove } from '../core/fairness.ts';
import type { Id } from '../core/ids.ts';
import { drop } from './steps.ts';
import type { Turns } from './turns.ts';

/** Takes nothing in any more and drops what waits. */
export function closeTurns(turns: Turns): void {
  turns.closed = true;
  turns.wake?.cancel();
  for (const item of clear(turns.lineup)) drop(turns, item);
}

/** Drops what waits of some subscriptions, and what was noted of the traffic to them. */
export function dropWaiting(turns: Turns, isGone: (id: Id) => boolean): void {
  for (const id of [...turns.lineup.subscribers.keys()]) {
    if (isGone(id)) for (const item of remove(turns.lineup, id)) drop(turns, item);
  }
  for (const id of turns.traffic.keys()) if (isGone(id)) turns.traffic.delete(id);
}
