/**
 * Other processes on the same store. A store that one process owns has none: its `neighbours` is null, and everything
 * here then goes without saying.
 */
import type { Id } from '../core/ids.ts';
import type { ReadLimits } from './settling.ts';
import type { Tickets } from './tickets.ts';

/**
 * What a process tells the others, so that they look at once instead of with their next poll. Hints may be lost: polling
 * finds all of it.
 */
export type Hint =
  /** Deliveries were put into these shards, or a shard was released. */
  | { kind: 'work'; shards: readonly number[] }
  /** The configuration of these tenants changed. */
  | { kind: 'configuration'; tenants: readonly Id[] }
  /** These deliveries were closed by a person. */
  | { kind: 'closed'; deliveryIds: readonly Id[] };

/** The processes that share the leases. */
export interface Attendance {
  /** Engine time. */
  nowMs: number;
  /** All who said within their time to live that they are there, the asker included; sorted. */
  present: readonly Id[];
  /**
   * Owners of leases, or present, whose connection to the store is gone: dead, or about to come back. One that is silent
   * in two looks half a second apart is given up by the asker.
   */
  silent: readonly Id[];
}

export interface Neighbours {
  /**
   * Says that `owner` takes part in the leases for `ttlMs` more, or a little longer, and asks who else does; 0 for
   * one that lives but takes part no more. The store holds something for it that is gone with its process, which is how
   * others learn of its end before its time is up.
   * When that was lost, with the connection that held it, this fails at least once before it holds it again, because
   * leases may be gone too: `renew` tells.
   */
  attend(owner: Id, ttlMs: number): Promise<Attendance>;
  /**
   * Calls `lost` as soon as it is seen that the connection was lost which holds that, until the returned function is
   * called. It may be seen late: an `attend` without an answer is all there is then.
   */
  onLost(lost: () => void): () => void;
  /** Takes no part in the leases any more; its leases are released before. */
  depart(owner: Id): Promise<void>;
  /** The current configuration version of tenants; those without any configuration are left out. */
  configVersions(tenants: readonly Id[]): Promise<ReadonlyMap<Id, number>>;
  /**
   * What was put into lanes of shards behind a position, in order of position: how an owner learns of what others put
   * there. Positions become visible in their order, so nothing is ever found behind a position that was read past.
   * `afterPos` null: nothing but where the shard's lanes end now.
   */
  laneNews(cursors: readonly LaneCursor[], limits: ReadLimits): Promise<LaneNews>;
  /** Tells the others. Never waits and never fails: what is told in a burst goes out together. */
  tell(hint: Hint): void;
  /** Calls `heard` for each hint of another process from now on, until the returned function is called. */
  listen(heard: (hint: Hint) => void): () => void;
}

export interface LaneCursor {
  shard: number;
  afterPos: number | null;
}

export interface LaneNews {
  read: Tickets;
  /** By shard: the position to go on behind. Every cursor has one. */
  positions: ReadonlyMap<number, number>;
}
