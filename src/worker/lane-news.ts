/** What other processes put into the lanes of shards held here: read behind a position, in order. */
import type { Id } from '../core/ids.ts';
import type { LaneNews, Ports, ReadLimits, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import { limitsOver } from './read-limits.ts';

/** What one reading may bring. */
const LIMITS = { most: 200, inAll: 2048, bytes: 4 * 1024 * 1024 };
/** Where lanes end is told without any ticket. */
const NOTHING: ReadLimits = { tickets: 1, bytes: 1 };

export interface News {
  /** Where the lanes of shards end now. Asked before they are read, so that nothing falls between the two. */
  ends(shards: readonly number[]): Promise<ReadonlyMap<number, number>>;
  /** A shard arrived: what stands behind `pos` is news. */
  arrived(shard: number, pos: number): void;
  left(shards: ReadonlySet<number>): void;
  /** Reads once and passes on what is new; true when there may be more at once. */
  read(shards: readonly number[]): Promise<boolean>;
  /** A ticket was settled: a reading that began before must not bring it back (C4). */
  settled(deliveryId: Id): void;
}

interface Cursor {
  readonly shard: number;
  pos: number;
}

export interface NewsRules {
  /** Whether this process has a delivery, or knows that it waits for its next try. */
  known(deliveryId: Id): boolean;
  accept(item: Pick<Item, 'ticket' | 'event'>): void;
  /** Resolves when the configuration that these tickets need is in memory. */
  ready(read: Tickets): Promise<void>;
}

/** News of the lanes of a store; there never is any where one process owns it. */
export function createNews({ store }: Pick<Ports, 'store'>, rules: NewsRules): News {
  const { neighbours } = store;
  const cursors = new Map<number, Cursor>();
  let settledMeanwhile = new Set<Id>();

  const isNew = ({ deliveryId }: Ticket) => !rules.known(deliveryId) && !settledMeanwhile.has(deliveryId);

  function pass(asked: readonly Cursor[], { read, positions }: LaneNews): boolean {
    // Of what left meanwhile others know more, even if it is back.
    const current = asked.filter((cursor) => cursors.get(cursor.shard) === cursor);
    const shards = new Set(current.map(({ shard }) => shard));
    for (const ticket of read.tickets) {
      const event = read.events.get(ticket.eventId);
      if (event !== undefined && shards.has(ticket.place.shard) && isNew(ticket)) rules.accept({ ticket, event });
    }
    for (const cursor of current) cursor.pos = positions.get(cursor.shard) ?? cursor.pos;
    return read.more.length > 0;
  }

  return {
    async ends(shards) {
      if (neighbours === null) return new Map();
      const asked = shards.map((shard) => ({ shard, afterPos: null }));
      return (await neighbours.laneNews(asked, NOTHING)).positions;
    },
    arrived: (shard, pos) => void cursors.set(shard, { shard, pos }),
    left(gone) {
      for (const shard of gone) cursors.delete(shard);
    },
    async read(shards) {
      const asked = shards.flatMap((shard) => cursors.get(shard) ?? []);
      if (neighbours === null || asked.length === 0) return false;
      settledMeanwhile = new Set();
      const news = await neighbours.laneNews(
        asked.map(({ shard, pos }) => ({ shard, afterPos: pos })),
        limitsOver(asked.length, LIMITS),
      );
      await rules.ready(news.read);
      return pass(asked, news);
    },
    settled: (deliveryId) => settledMeanwhile.add(deliveryId),
  };
}
