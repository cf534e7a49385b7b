import type { Id } from '../../core/ids.ts';
import type { LaneState, Ticket, Tickets } from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import type { Lane, Tables } from './tables.ts';
import { laneFor, withEvents } from './tickets.ts';

/** A lane as its caller names it. */
interface LaneName {
  subscriptionId: Id;
  shard: number;
}

function laneNamed(tables: Tables, { subscriptionId, shard }: LaneName): Lane | undefined {
  const lane = tables.lanes.get(subscriptionId);
  return lane?.state.shard === shard ? lane : undefined;
}

export function lanesOf(tables: Tables, shards: readonly number[]): LaneState[] {
  const wanted = new Set(shards);
  const states = [...tables.lanes.values()].map((lane) => lane.state);
  return copyOf(states.filter((state) => wanted.has(state.shard)));
}

export function setLane(tables: Tables, state: Omit<LaneState, 'sinceMs'>): void {
  const lane = laneFor(tables, state);
  const sinceMs = lane.state.reason === state.reason ? lane.state.sinceMs : tables.nowMs();
  lane.state = { ...state, sinceMs };
}

export function closeLane(tables: Tables, name: LaneName): boolean {
  const lane = laneNamed(tables, name);
  if (lane === undefined) return true;
  return lane.items.size === 0 && tables.lanes.delete(name.subscriptionId);
}

export function laneRun(tables: Tables, name: LaneName & { key: string }, afterPos: number, limit: number): Tickets {
  const behind = laneNamed(tables, name)?.items.after({ key: name.key, pos: afterPos }) ?? [];
  const run: Ticket[] = [];
  for (const ticket of behind) {
    if (run.length === limit || keyOf(ticket) !== name.key) break;
    run.push(ticket);
  }
  return withEvents(tables, run);
}

/** Jumps from each head to behind the last item of its key, so blocked items are never read. */
export function laneHeads(tables: Tables, name: LaneName, afterKey: string | null, limit: number): Tickets {
  const items = laneNamed(tables, name)?.items;
  const heads: Ticket[] = [];
  let from = afterKey;
  while (items !== undefined && heads.length < limit) {
    const behind = from === null ? null : { key: from, pos: Number.POSITIVE_INFINITY };
    const [head] = items.after(behind).take(1);
    if (head === undefined) break;
    heads.push(head);
    from = keyOf(head);
  }
  return withEvents(tables, heads);
}

function keyOf({ place }: Ticket): string | null {
  return place.kind === 'lane' ? place.key : null;
}
