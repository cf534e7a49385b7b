/** When a receiver that is held back is tried again, to find out whether it is there. */
import { profiles } from './profile.ts';
import type { SubscriptionConfig, SubscriptionState } from './subscription.ts';

/** A subscription that was switched off for its failures is tried this often, the first time this long after it. */
export const PROBE_EVERY_MS = 60 * 60_000;

interface Probed {
  state: SubscriptionState;
  /** null when it cannot be read. */
  config: Pick<SubscriptionConfig, 'profile'> | null;
}

/** Whether a subscription was switched off for its failures and is tried now and then. */
export function isProbedHourly({ state, config }: Probed): boolean {
  if (state.kind !== 'disabled' || state.reason !== 'failures' || config === null) return false;
  return profiles[config.profile].autoDisable?.probes === true;
}

/** What is told of a lane: why it holds, and by when something of it is tried. */
interface ToldLane {
  reason: string;
  probeAtMs: number | null;
}

/**
 * By when something that a subscription holds back is tried next, in wall time; null when nobody has set a time that is
 * still to come: nothing is tried, a try is under way, or nothing that may go waits.
 * @param lane as the store has it
 */
export function nextProbeMs(subscription: Probed, lane: ToldLane | null, nowMs: number): number | null {
  const atMs = setProbeMs(subscription, lane);
  return atMs !== null && atMs > nowMs ? atMs : null;
}

function setProbeMs(subscription: Probed, lane: ToldLane | null): number | null {
  const { state } = subscription;
  if (state.kind === 'active') return lane?.reason === 'circuit' ? lane.probeAtMs : null;
  if (state.kind !== 'disabled' || !isProbedHourly(subscription)) return null;
  // What is told of the lane may be from the last time it was switched off.
  const toldMs = lane?.reason === 'disabled' ? lane.probeAtMs : null;
  return Math.max(state.sinceMs + PROBE_EVERY_MS, toldMs ?? 0);
}
