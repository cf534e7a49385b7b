import type { Ports } from '../ports.ts';
import { giveWay } from './give-way.ts';

/** Milliseconds in one go; about what everybody else may be kept waiting. */
const STRETCH_MS = 8;

/** Says when work that may take long has to let everybody else have a turn: null while it may go on. */
export type Breaks = () => Promise<void> | null;

/** Breaks for work that begins now. They follow the time that went by: nobody knows what a filter takes beforehand. */
export function createBreaks({ clock }: Pick<Ports, 'clock'>): Breaks {
  let sinceMs = clock.monotonicMs();
  return () => {
    if (clock.monotonicMs() - sinceMs < STRETCH_MS) return null;
    return giveWay({ clock }).then(() => {
      sinceMs = clock.monotonicMs();
    });
  };
}
