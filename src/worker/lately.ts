/**
 * First tries that were settled a short while ago. Where several connections lead to the store, a delivery may be found
 * in it, sent and settled before the one who appended it hears that it is there, and hands it over.
 */
import type { Id } from '../core/ids.ts';
import type { Ports } from '../ports.ts';

/** No append takes longer, repeats included. */
const FOR_MS = 15_000;

export interface Lately {
  add(deliveryId: Id): void;
  has(deliveryId: Id): boolean;
}

/** Remembers each for at least fifteen seconds, and until two later rounds of adding have begun. */
export function createLately({ clock }: Pick<Ports, 'clock'>): Lately {
  let [newer, older] = [new Set<Id>(), new Set<Id>()];
  let turnAtMs = Number.NEGATIVE_INFINITY;
  return {
    add(deliveryId) {
      const nowMs = clock.monotonicMs();
      if (nowMs >= turnAtMs) {
        [newer, older] = [new Set(), newer];
        turnAtMs = nowMs + FOR_MS;
      }
      newer.add(deliveryId);
    },
    has: (deliveryId) => newer.has(deliveryId) || older.has(deliveryId),
  };
}

/** Where answers come in the order of what was done, nobody is told late. */
export const NEVER_LATE: Lately = { add: () => {}, has: () => false };
