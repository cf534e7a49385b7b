import { nextProbeMs } from '../../core/probe.ts';
import { profiles } from '../../core/profile.ts';
import { isoTime, isoTimeOrNull } from '../../core/time.ts';
import type { LiveSubscription } from '../../flows/configuration.ts';
import type { LaneHold } from '../../ports.ts';

/** Whether a receiver that fails is held back, since when, and by when it is tried again. */
export type ShownCircuit =
  | { state: 'closed'; since: null; nextProbeAt: null }
  | { state: 'open'; since: string; nextProbeAt: string | null };

/**
 * The circuit of a subscription by its lane; null when it has none: by its profile, or because nothing is sent anyway.
 */
export function showCircuit(
  subscription: Pick<LiveSubscription, 'state' | 'config'>,
  lane: LaneHold | null,
  nowMs: number,
): ShownCircuit | null {
  const { state, config } = subscription;
  if (state.kind !== 'active' || (config !== null && !profiles[config.profile].hasCircuit)) return null;
  if (lane?.reason !== 'circuit') return { state: 'closed', since: null, nextProbeAt: null };
  const nextProbeAt = isoTimeOrNull(nextProbeMs(subscription, lane, nowMs));
  return { state: 'open', since: isoTime(lane.sinceMs), nextProbeAt };
}
