/**
 * Room for large bodies at the doors. Whose body it is, is known only after it was read, so anybody may send one, and
 * each costs some times its size until it is answered. Who finds no room waits, the rest of its body still at the sender.
 */
import type { Clock } from '../ports.ts';

/** Bodies up to this many bytes ask for no room: there may be as many of them as there are places. */
export const LARGE_BODY_BYTES = 64 * 1024;

export interface LargeBodies {
  /** Resolves with what gives the room back; null when there was none in time. */
  enter(bytes: number): Promise<Leave | null>;
  /** A body of so many bytes was parsed: its text and its values are left to the collector. */
  parsed(bytes: number): void;
}

/** Gives room back, once. */
export type Leave = () => void;

export interface LargeLimits {
  /** Of all at once; a single one always gets in. */
  bytes: number;
  /** How long one waits, in milliseconds. */
  waitMs: number;
  /** How many wait at most. */
  waiting: number;
  /** How long one has room, in milliseconds: a slow sender goes on without it, and keeps nobody out. */
  stayMs: number;
}

interface Waiting {
  bytes: number;
  admit(): void;
}

/** Bodies of so many bytes were parsed before the collector is asked to look: `npm run bench -- flood`. */
const PARSED_BYTES = 8 * 1024 * 1024;

/**
 * Those who wait get in in the order they came.
 * @param collect takes back the memory that parsing has left behind
 */
export function createLargeBodies(
  { after }: Pick<Clock, 'after'>,
  limits: LargeLimits,
  collect: () => void = () => undefined,
): LargeBodies {
  const queue = new Set<Waiting>();
  let taken = 0;
  const fits = (bytes: number) => taken === 0 || taken + bytes <= limits.bytes;

  function take(bytes: number): Leave {
    taken += bytes;
    let hasRoom = true;
    const giveBack = () => {
      if (!hasRoom) return;
      hasRoom = false;
      taken -= bytes;
      admitNext();
    };
    const forget = after(limits.stayMs, giveBack);
    return () => {
      forget();
      giveBack();
    };
  }

  function admitNext(): void {
    for (const next of queue) {
      if (!fits(next.bytes)) return;
      queue.delete(next);
      next.admit();
    }
  }

  function wait(bytes: number): Promise<Leave | null> {
    return new Promise((resolve) => {
      const giveUp = after(limits.waitMs, () => {
        if (queue.delete(waiting)) resolve(null);
      });
      const waiting: Waiting = {
        bytes,
        admit() {
          giveUp();
          resolve(take(bytes));
        },
      };
      queue.add(waiting);
    });
  }

  return {
    async enter(bytes) {
      if (queue.size === 0 && fits(bytes)) return take(bytes);
      return queue.size >= limits.waiting ? null : wait(bytes);
    },
    parsed: countParsed(collect),
  };
}

/** Counts what is left to the collector, and asks it to look when that is much. */
function countParsed(collect: () => void): LargeBodies['parsed'] {
  let parsedBytes = 0;
  return (bytes) => {
    if (bytes <= LARGE_BODY_BYTES) return;
    parsedBytes += bytes;
    if (parsedBytes < PARSED_BYTES) return;
    parsedBytes = 0;
    collect();
  };
}
