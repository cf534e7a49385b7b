/** What the store is told of a lane: for whoever takes it over, and for readers. */
import { isOpen, laneProbeAtMs } from '../core/circuit.ts';
import { type Id, shardOf } from '../core/ids.ts';
import type { LaneState } from '../ports.ts';
import type { Traffic } from './traffic.ts';
import type { Turns } from './turns.ts';

/** Gives a lane its reason. If that cannot be written, it is found out anew after a takeover. */
export function noteLane(
  { ports, known, hooks }: Pick<Turns, 'ports' | 'known' | 'hooks'>,
  subscriptionId: Id,
  reason: LaneState['reason'],
  probeAtMs: number | null,
): void {
  const { store, log } = ports;
  const shard = shardOf(subscriptionId, store.shards);
  // Its shard may be somebody else's by now.
  if (!hooks.counts(shard)) return;
  known.during(shard, store.setLane({ subscriptionId, shard, reason, probeAtMs })).catch((error: unknown) => {
    log.error('lane.failed', { subscriptionId, error });
  });
}

/** Notes that a circuit is open, and by when it is probed next. Called when it opens and with each probe. */
export function noteCircuit(turns: Pick<Turns, 'ports' | 'known' | 'hooks'>, id: Id, { circuit }: Traffic): void {
  if (!isOpen(circuit)) return;
  const { clock } = turns.ports;
  noteLane(turns, id, 'circuit', Math.ceil(clock.nowMs() + laneProbeAtMs(circuit) - clock.monotonicMs()));
}
