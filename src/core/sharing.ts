/**
 * How processes share the shards of a store between them: each decides for itself, from who is present, what to take and
 * what to give. No process needs more than its share, so that a view that is one look old moves nothing back and
 * forth.
 */
import type { Id } from './ids.ts';

/** What one process knows when it decides. */
export interface View {
  /** How many shards there are. */
  shards: number;
  /** Who takes part, sorted; whether the asker is among them makes no difference. */
  present: readonly Id[];
  own: Id;
  /** What the asker holds and works for. */
  held: readonly number[];
  /** What it holds still, but is giving away. */
  leaving: readonly number[];
  /** Its tries in flight for a shard. */
  inFlight(shard: number): number;
}

/** What to do about it. One of `take` and `give` is always nothing. */
export interface Share {
  /** How many shards to take at most. */
  take: number;
  /** Which to ask for, in this order: everything that is not the asker's. */
  ask: readonly number[];
  /** Which to give away. */
  give: readonly number[];
  /** Whether it holds so little that others must have more than they need, or shards are free. */
  isShort: boolean;
}

/**
 * Decides for one process. Nobody holds more than the number of shards divided by that of processes, rounded up; what
 * is over it is given away, first what has the fewest tries in flight, since the others have to wait for those.
 */
export function share({ shards, present, own, held, leaving, inFlight }: View): Share {
  const among = present.includes(own) ? present : [...present, own].sort();
  const most = Math.ceil(shards / among.length);
  const has = held.length + leaving.length;
  const over = held.length - most;
  const give = over > 0 ? held.toSorted((a, b) => inFlight(a) - inFlight(b) || a - b).slice(0, over) : [];
  const take = Math.max(0, most - has);
  const ask = take === 0 ? [] : others(shards, Math.floor((among.indexOf(own) * shards) / among.length), held, leaving);
  return { take, ask, give, isShort: has < Math.floor(shards / among.length) };
}

/** All but one's own, from one's own part of them on: who ask at the same time begin with different ones. */
function others(shards: number, from: number, held: readonly number[], leaving: readonly number[]): number[] {
  const own = new Set([...held, ...leaving]);
  const all = Array.from({ length: shards }, (_, at) => (from + at) % shards);
  return all.filter((shard) => !own.has(shard));
}

/** When somebody fell silent, by who. */
export type SilentSince = ReadonlyMap<Id, number>;

/** Since when everybody who is silent now is known to be. */
export function stillSilent(before: SilentSince, silent: readonly Id[], nowMs: number): SilentSince {
  return new Map(silent.map((id) => [id, before.get(id) ?? nowMs]));
}

/** Who has been silent for so long that they are given up. */
export function givenUp(since: SilentSince, forMs: number, nowMs: number): Id[] {
  return [...since].filter(([, sinceMs]) => nowMs - sinceMs >= forMs).map(([id]) => id);
}
