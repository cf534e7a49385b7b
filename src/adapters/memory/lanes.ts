import type { Id } from '../../core/ids.ts';
import type { LaneCursor, LaneNews, LaneState, ReadLimits, Ticket, Tickets } from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import { readWithin } from './reading.ts';
import type { Lane, Tables } from './tables.ts';
import { onShard } from './tables.ts';
import { laneFor } from './tickets.ts';

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

/** The state of one lane. */
export function laneOf(tables: Tables, name: LaneName): LaneState | null {
  return copyOf(laneNamed(tables, name)?.state ?? null);
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

export function laneRun(
  tables: Tables,
  name: LaneName & { key: string },
  afterPos: number,
  limits: ReadLimits,
): Tickets {
  return readWithin(tables, limits, [{ shard: name.shard, tickets: itemsOfKey(tables, name, afterPos) }]);
}

function* itemsOfKey(tables: Tables, name: LaneName & { key: string }, afterPos: number): Generator<Ticket> {
  for (const ticket of laneNamed(tables, name)?.items.after({ key: name.key, pos: afterPos }) ?? []) {
    if (keyOf(ticket) !== name.key) return;
    yield ticket;
  }
}

export function laneHeads(tables: Tables, name: LaneName, afterKey: string | null, limits: ReadLimits): Tickets {
  return readWithin(tables, limits, [{ shard: name.shard, tickets: headsOf(tables, name, afterKey) }]);
}

/** Jumps from each head to behind the last item of its key, so blocked items are never read. */
function* headsOf(tables: Tables, name: LaneName, afterKey: string | null): Generator<Ticket> {
  let from = afterKey;
  for (;;) {
    const behind = from === null ? null : { key: from, pos: Number.POSITIVE_INFINITY };
    const [head] = laneNamed(tables, name)?.items.after(behind).take(1) ?? [];
    if (head === undefined) return;
    yield head;
    from = keyOf(head);
  }
}

/** What was put into lanes of shards behind a position, whichever lane. */
export function laneNews(tables: Tables, cursors: readonly LaneCursor[], limits: ReadLimits): LaneNews {
  const lines = cursors.flatMap(({ shard, afterPos }) =>
    afterPos === null ? [] : [{ shard, tickets: onShard(tables.parked, shard).after(afterPos) }],
  );
  const read = readWithin(tables, limits, lines);
  const positions = new Map(cursors.map(({ shard, afterPos }) => [shard, afterPos ?? endOf(tables, shard)]));
  for (const { place } of read.tickets) if (place.kind === 'lane') positions.set(place.shard, place.pos);
  return { read, positions };
}

/** The position of the last item in lanes of a shard, 0 when there is none. */
function endOf(tables: Tables, shard: number): number {
  const [last] = onShard(tables.parked, shard).before(null).take(1);
  return last?.place.kind === 'lane' ? last.place.pos : 0;
}

function keyOf({ place }: Ticket): string | null {
  return place.kind === 'lane' ? place.key : null;
}
