/** Lanes come with the lease of their shard, and leave with it. */
import type { Id } from '../core/ids.ts';
import { MAX_TIMEOUT_MS } from '../core/subscription.ts';
import type { LaneState, Lease } from '../ports.ts';
import { FROM_THE_FIRST, type Lane, type Lanes, type Takeover, touch } from './lane.ts';
import { createKeys, sweepAgain } from './ordered-keys.ts';

/** `suspect`: what stands in it may have been sent before. */
type Found = 'new' | 'stored' | 'suspect';

function foundBy({ taken }: Lease): Found {
  return taken === 'clean' ? 'stored' : 'suspect';
}

/** The lane of a subscription, made when nobody knew of it. It holds nothing then, unless its shard was not read yet. */
export function openLane(lanes: Lanes, id: Id, shard: number): Lane {
  const takeover = lanes.untaken.get(shard);
  return open(lanes, id, shard, takeover === undefined ? 'new' : foundBy(takeover.lease));
}

function open(lanes: Lanes, id: Id, shard: number, found: Found): Lane {
  const known = lanes.byId.get(id);
  if (known !== undefined) return known;
  const lane: Lane = {
    id,
    shard,
    afterPos: FROM_THE_FIRST,
    againFrom: Number.POSITIVE_INFINITY,
    drained: found === 'new',
    inMemory: new Set(),
    reading: false,
    touched: false,
    suspects: found === 'suspect' ? null : 0,
    stillSuspect: new Set(),
    readings: new Set(),
    keys: createKeys({ swept: found === 'new', suspect: found === 'suspect' }),
    emptyAtMs: null,
  };
  lanes.byId.set(id, lane);
  return lane;
}

/** Everything of a lane is read again, but what is in memory. */
export function readAnew(lane: Lane): void {
  lane.againFrom = FROM_THE_FIRST;
  lane.drained = false;
  sweepAgain(lane.keys);
}

/** Reads the lanes of a shard whose lease was taken; false when that failed, and the next feed is to try it again. */
export async function takeOver(lanes: Lanes, takeover: Takeover): Promise<boolean> {
  const { lease } = takeover;
  takeover.reading = true;
  try {
    const states = await lanes.ports.store.lanes([lease.shard]);
    if (lanes.untaken.get(lease.shard) === takeover) lanes.untaken.delete(lease.shard);
    shardsArrived(lanes, [lease], states);
    return true;
  } catch (error) {
    lanes.ports.log.error('lane.failed', { shard: lease.shard, error });
    takeover.reading = false;
    return false;
  }
}

/** Shards come with their lanes, all of them read. */
export function shardsArrived(lanes: Lanes, leases: readonly Lease[], states: readonly LaneState[]): void {
  const byShard = new Map(leases.map((lease) => [lease.shard, lease]));
  const nowMs = lanes.ports.clock.monotonicMs();
  for (const { shard, taken } of leases) {
    if (taken === 'expired') lanes.orderFromMs.set(shard, nowMs + MAX_TIMEOUT_MS);
  }
  for (const state of states) {
    const lease = byShard.get(state.shard);
    if (lease !== undefined) restore(lanes, lease, state);
  }
}

function restore(lanes: Lanes, lease: Lease, state: LaneState): void {
  const known = lanes.byId.get(state.subscriptionId);
  const found = foundBy(lease);
  if (known === undefined) open(lanes, state.subscriptionId, lease.shard, found);
  else {
    // Whoever had the lease meanwhile may have changed everything.
    readAnew(known);
    if (found === 'suspect') suspectAll(known);
  }
  lanes.rules.restored(state);
  touch(lanes, state.subscriptionId);
}

function suspectAll(lane: Lane): void {
  lane.suspects = null;
  lane.keys.suspect = true;
}

/** Ordered items of shards whose last owner can be sending no more are let go. */
export function letOrdersGo(lanes: Lanes): void {
  if (lanes.orderFromMs.size === 0) return;
  const nowMs = lanes.ports.clock.monotonicMs();
  const ready = new Set<number>();
  for (const [shard, fromMs] of lanes.orderFromMs) if (nowMs >= fromMs) ready.add(shard);
  if (ready.size === 0) return;
  for (const shard of ready) lanes.orderFromMs.delete(shard);
  for (const lane of lanes.byId.values()) if (ready.has(lane.shard)) touch(lanes, lane.id);
}

/** Shards left: nothing of their lanes is known any more, and what is being read of them reaches nobody. */
export function shardsLeft(lanes: Lanes, gone: ReadonlySet<number>): void {
  for (const [deliveryId, { id }] of lanes.resting) {
    if (gone.has(lanes.byId.get(id)?.shard ?? -1)) lanes.resting.delete(deliveryId);
  }
  for (const { id, shard } of lanes.byId.values()) {
    if (!gone.has(shard)) continue;
    lanes.byId.delete(id);
    for (const ids of [lanes.ready, lanes.empty, lanes.later]) ids.delete(id);
  }
  for (const shard of gone) {
    lanes.untaken.delete(shard);
    lanes.orderFromMs.delete(shard);
  }
}
