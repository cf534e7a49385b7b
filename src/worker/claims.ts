/**
 * Reading what is due: one claim in flight, a cursor that trails engine time, a full look every thirty seconds and
 * after a takeover (C1, C2, C4).
 */
import { type DuePosition, nextCursor } from '../core/cursor.ts';
import type { Id } from '../core/ids.ts';
import type { Lease, Ports, ReadLimits, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';

/** What one claim may bring into memory. */
const LIMITS: ReadLimits = { tickets: 500, bytes: 16 * 1024 * 1024 };
const FULL_LOOK_EVERY_MS = 30_000;

export interface Claims {
  /** A lease was taken: look at its shard from the beginning. */
  taken(lease: Lease): void;
  /** Reads once and passes on what is new; true when there may be more at once. */
  read(shards: readonly number[]): Promise<boolean>;
  /** A ticket was settled: a claim that began before must not bring it back. */
  settled(deliveryId: Id): void;
}

interface Shard {
  cursor: DuePosition | null;
  fullLookAtMs: number;
  /** After an unclean takeover: tickets due until then may have been sent already. null until the first look. */
  uncleanUntilMs: number | null;
  unclean: boolean;
}

/**
 * @param known whether a delivery is in this process's memory already
 * @param accept takes an item that is due and not known
 * @param ready resolves when the configuration of the tenants of these events is in memory
 */
export function createClaims(
  ports: Pick<Ports, 'store' | 'clock'>,
  known: (deliveryId: Id) => boolean,
  accept: (item: Item) => void,
  ready: (events: Tickets['events']) => Promise<void>,
): Claims {
  const shards = new Map<number, Shard>();
  let settledMeanwhile = new Set<Id>();

  function shardState(shard: number): Shard {
    const state = shards.get(shard) ?? newShard(false);
    shards.set(shard, state);
    return state;
  }

  function positions(ids: readonly number[]): { shard: number; after: DuePosition | null }[] {
    const nowMs = ports.clock.monotonicMs();
    return ids.map((shard) => {
      const state = shardState(shard);
      if (nowMs >= state.fullLookAtMs) {
        state.cursor = null;
        state.fullLookAtMs = nowMs + FULL_LOOK_EVERY_MS;
      }
      return { shard, after: state.cursor };
    });
  }

  function pass(shard: number, read: Tickets): boolean {
    const state = shardState(shard);
    const mine = read.tickets.filter(({ place }) => place.shard === shard);
    if (state.unclean) state.uncleanUntilMs ??= read.nowMs;
    for (const ticket of mine) {
      const event = read.events.get(ticket.eventId);
      if (event === undefined || known(ticket.deliveryId) || settledMeanwhile.has(ticket.deliveryId)) continue;
      accept({ ticket, event, mayRepeat: isSuspect(ticket, state), probe: false });
    }
    const full = read.more.includes(shard);
    if (full && mine.length === 0) return true;
    state.cursor = nextCursor({ last: positionOf(mine.at(-1)), full, nowMs: read.nowMs }, ports.store.trailMs);
    return full;
  }

  return {
    taken(lease) {
      shards.set(lease.shard, newShard(lease.taken === 'unclean'));
    },
    async read(ids) {
      if (ids.length === 0) return false;
      settledMeanwhile = new Set();
      const read = await ports.store.claim(positions(ids), LIMITS);
      await ready(read.events);
      let more = false;
      for (const shard of ids) more = pass(shard, read) || more;
      return more;
    },
    settled: (deliveryId) => settledMeanwhile.add(deliveryId),
  };
}

function newShard(unclean: boolean): Shard {
  return { cursor: null, fullLookAtMs: 0, uncleanUntilMs: null, unclean };
}

function positionOf(ticket: Ticket | undefined): DuePosition | null {
  return ticket?.place.kind === 'due' ? { dueMs: ticket.place.dueMs, deliveryId: ticket.deliveryId } : null;
}

function isSuspect({ place }: Ticket, state: Shard): boolean {
  return place.kind === 'due' && state.uncleanUntilMs !== null && place.dueMs <= state.uncleanUntilMs;
}
