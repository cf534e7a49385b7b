/**
 * Reading what is due: one claim in flight, a cursor that trails engine time, a full look every thirty seconds and
 * after a takeover (C1, C2, C4).
 */
import { type DuePosition, nextCursor } from '../core/cursor.ts';
import type { Id } from '../core/ids.ts';
import type { Lease, Ports, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import { limitsOver } from './read-limits.ts';

/** What one claim may bring into memory. */
const LIMITS = { most: 500, inAll: 4096, bytes: 16 * 1024 * 1024 };
const FULL_LOOK_EVERY_MS = 30_000;

export interface Claims {
  /** A lease was taken: look at its shard from the beginning. */
  taken(lease: Lease): void;
  /** Shards left: where their reading was is forgotten. */
  left(shards: ReadonlySet<number>): void;
  /** What was read may have been dropped: all shards are looked at from the beginning. */
  lookAgain(): void;
  /** Reads once and passes on what is new; true when there may be more at once. */
  read(shards: readonly number[]): Promise<boolean>;
  /**
   * A ticket was settled: a claim that began before must not bring it back as it was. It may bring `open`, what it is
   * since, and then nothing will for long: the cursor is past it.
   */
  settled(deliveryId: Id, open: Ticket | null): void;
}

interface Shard {
  readonly shard: number;
  cursor: DuePosition | null;
  fullLookAtMs: number;
  /** After an unclean takeover: tickets due until then may have been sent already. null until the first look. */
  uncleanUntilMs: number | null;
  unclean: boolean;
}

/** What one claim read of a shard. */
interface Page {
  tickets: readonly Ticket[];
  isFull: boolean;
  nowMs: number;
}

/**
 * @param known whether a delivery is in this process's memory already
 * @param accept takes an item that is due and not known
 * @param ready resolves when the configuration that these tickets need is in memory
 */
export function createClaims(
  ports: Pick<Ports, 'store' | 'clock'>,
  known: (deliveryId: Id) => boolean,
  accept: (item: Item) => void,
  ready: (read: Tickets) => Promise<void>,
): Claims {
  const shards = new Map<number, Shard>();
  let settledMeanwhile = new Map<Id, Ticket | null>();

  function shardState(shard: number): Shard {
    const state = shards.get(shard) ?? newShard(shard, false);
    shards.set(shard, state);
    return state;
  }

  function pass(state: Shard, page: Page, events: Tickets['events']): boolean {
    // It left meanwhile; should it be back, others had it in between.
    if (shards.get(state.shard) !== state) return false;
    if (state.unclean) state.uncleanUntilMs ??= page.nowMs;
    for (const ticket of page.tickets) {
      const event = events.get(ticket.eventId);
      if (event === undefined || known(ticket.deliveryId) || isPast(ticket, settledMeanwhile)) continue;
      accept({ ticket, event, mayRepeat: isSuspect(ticket, state), probe: false });
    }
    if (page.isFull && page.tickets.length === 0) return true;
    const last = positionOf(page.tickets.at(-1));
    state.cursor = nextCursor({ last, full: page.isFull, nowMs: page.nowMs }, ports.store.trailMs);
    return page.isFull;
  }

  return {
    taken({ shard, taken }) {
      shards.set(shard, newShard(shard, taken !== 'clean'));
    },
    left(gone) {
      for (const shard of gone) shards.delete(shard);
    },
    lookAgain() {
      for (const state of shards.values()) state.fullLookAtMs = 0;
    },
    async read(ids) {
      if (ids.length === 0) return false;
      settledMeanwhile = new Map();
      const asked = ids.map(shardState);
      const nowMs = ports.clock.monotonicMs();
      const read = await ports.store.claim(
        asked.map((state) => position(state, nowMs)),
        limitsOver(asked.length, LIMITS),
      );
      await ready(read);
      const pageOf = pagesOf(read);
      let more = false;
      for (const state of asked) more = pass(state, pageOf(state.shard), read.events) || more;
      return more;
    },
    settled: (deliveryId, open) => settledMeanwhile.set(deliveryId, open),
  };
}

/** Where a shard is read from now. */
function position(state: Shard, nowMs: number): { shard: number; after: DuePosition | null } {
  if (nowMs >= state.fullLookAtMs) {
    state.cursor = null;
    state.fullLookAtMs = nowMs + FULL_LOOK_EVERY_MS;
  }
  return { shard: state.shard, after: state.cursor };
}

/** What a claim read of each shard. */
function pagesOf(read: Tickets): (shard: number) => Page {
  const full = new Set(read.more);
  const tickets = Map.groupBy(read.tickets, ({ place }) => place.shard);
  return (shard) => ({ tickets: tickets.get(shard) ?? [], isFull: full.has(shard), nowMs: read.nowMs });
}

function newShard(shard: number, unclean: boolean): Shard {
  return { shard, cursor: null, fullLookAtMs: 0, uncleanUntilMs: null, unclean };
}

function positionOf(ticket: Ticket | undefined): DuePosition | null {
  return ticket?.place.kind === 'due' ? { dueMs: ticket.place.dueMs, deliveryId: ticket.deliveryId } : null;
}

/** Whether a ticket is not, or not any more, what its last settlement left open. */
function isPast(ticket: Ticket, settled: ReadonlyMap<Id, Ticket | null>): boolean {
  const open = settled.get(ticket.deliveryId);
  return open !== undefined && (open === null || !isSame(open, ticket));
}

function isSame(a: Ticket, b: Ticket): boolean {
  return a.n === b.n && a.place.kind === 'due' && b.place.kind === 'due' && a.place.dueMs === b.place.dueMs;
}

function isSuspect({ place }: Ticket, state: Shard): boolean {
  return place.kind === 'due' && state.uncleanUntilMs !== null && place.dueMs <= state.uncleanUntilMs;
}
