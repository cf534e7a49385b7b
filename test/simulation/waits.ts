/** How long a delivery had to wait that nothing of its own held back, and how long it may. */

import type { LineupLimits } from '../../src/core/fairness.ts';
import { DEFAULT_LIMITS } from '../../src/worker/loop.ts';
import { longestMs } from './receivers.ts';
import type { Delivery, Receiver, Records } from './record.ts';
import type { Scenario } from './scenario.ts';

/** `tight`: hanging receivers take all places there are, and only a little fits in memory. */
export const LIMITS: Readonly<Record<Scenario['limits'], LineupLimits>> = {
  roomy: DEFAULT_LIMITS,
  tight: {
    ...DEFAULT_LIMITS,
    perSubscription: 4,
    spare: 8,
    maxQueuedBytes: 4096,
    maxInFlight: 12,
    maxSlow: 12,
    maxSockets: 48,
  },
};

/** Finding what is due, reading lanes, settling what went before. */
const WORK_MS = 3000;

/** Whether nothing but the work of the scheduler keeps this delivery waiting. */
export function isCalm({ receiver, eventKey }: Delivery): boolean {
  const { receiver: behaviour, rateLimit } = receiver.plan;
  if (receiver.disturbed || rateLimit !== null || longestMs(behaviour) === Infinity) return false;
  return behaviour.kind !== 'stuck key' || eventKey !== 'k0';
}

/** How long it has been ready to be sent, without the time there was no process to send it. */
export function waitedMs({ outages }: Records, { headSinceMs, notBeforeMs }: Delivery, nowMs: number): number {
  const readyMs = Math.max(headSinceMs, notBeforeMs);
  const down = outages.reduce(
    (sum, { fromMs, untilMs }) => sum + Math.max(0, Math.min(nowMs, untilMs) - Math.max(readyMs, fromMs)),
    0,
  );
  return nowMs - readyMs - down;
}

/**
 * The time its own receiver takes for all that was ever open at once, and for each of these a turn of every other
 * subscription at the places there are, which a hanging one keeps until it counts as slow. First tries and retries
 * take turns, hence twice.
 */
export function mostWaitMs({ scenario, receivers }: Records, receiver: Receiver): number {
  const { maxInFlight, slowAfterMs } = LIMITS[scenario.limits];
  const ownMs = (longestMs(receiver.plan.receiver) + 4 * scenario.storeMs) / Math.min(...receiver.caps);
  const othersMs = (receivers.size * slowAfterMs) / maxInFlight;
  return WORK_MS + 2 * receiver.mostOpen * (ownMs + othersMs);
}
