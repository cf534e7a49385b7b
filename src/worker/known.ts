/** The deliveries this process has in memory, counted by shard: a shard is given away when nothing of it is left. */
import type { Id } from '../core/ids.ts';
import type { Ticket } from '../ports.ts';

type Of = Pick<Ticket, 'deliveryId' | 'place'>;

/** Queued, in flight or being settled. On the path of every delivery. */
export interface Known {
  has(deliveryId: Id): boolean;
  /** @param mayRepeat whether a try of it was under way when its process ended */
  add(ticket: Of, mayRepeat?: boolean): void;
  delete(ticket: Of): void;
  /** A try of a delivery begins, or one of a shard ends. */
  tryBegins(ticket: Of): void;
  tryEnds(shard: number): void;
  /** Whether a try of a delivery has begun whose settlement is not done. */
  hasBegun(deliveryId: Id): boolean;
  /** Tries in flight of a shard. */
  inFlight(shard: number): number;
  /** Something else of a shard is being written: that too must be over before it is somebody else's. */
  during<Result>(shard: number, writing: Promise<Result>): Promise<Result>;
  isIdle(shard: number): boolean;
}

/** Nothing is known yet. @param shards how many there are */
export function createKnown(shards: number): Known {
  const ids = new Set<Id>();
  const begun = new Set<Id>();
  const busy = new Int32Array(shards);
  const tries = new Int32Array(shards);
  const count = (counts: Int32Array, shard: number, by: 1 | -1) => {
    counts[shard] = (counts[shard] ?? 0) + by;
  };
  return {
    has: (deliveryId) => ids.has(deliveryId),
    add({ deliveryId, place }, mayRepeat = false) {
      if (ids.has(deliveryId)) return;
      ids.add(deliveryId);
      if (mayRepeat) begun.add(deliveryId);
      count(busy, place.shard, 1);
    },
    delete({ deliveryId, place }) {
      if (ids.delete(deliveryId)) count(busy, place.shard, -1);
      begun.delete(deliveryId);
    },
    tryBegins({ deliveryId, place }) {
      begun.add(deliveryId);
      count(tries, place.shard, 1);
    },
    tryEnds: (shard) => count(tries, shard, -1),
    hasBegun: (deliveryId) => begun.has(deliveryId),
    inFlight: (shard) => tries[shard] ?? 0,
    during(shard, writing) {
      count(busy, shard, 1);
      return writing.finally(() => count(busy, shard, -1));
    },
    isIdle: (shard) => busy[shard] === 0,
  };
}
