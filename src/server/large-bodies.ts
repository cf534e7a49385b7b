/**
 * Room for large bodies at the doors. Whose body it is, is known only after it was read, so anybody may send one, and
 * each costs some times its size until it is answered. Who finds no room waits, the rest of its body still at the sender.
 */
import { ipText, networkText, readIp } from '../core/address/ip.ts';
import type { Clock } from '../ports.ts';
import { createWaitingLine } from './waiting-line.ts';

/** Bodies up to this many bytes ask for no room: there may be as many of them as there are places. */
export const LARGE_BODY_BYTES = 64 * 1024;

export interface LargeBodies {
  /** Room for the bodies of one sender. @param address null = unknown */
  of(address: string | null): LargeBodiesOfSender;
}

/** What a sender has of the room: a turn, like every other sender, however many bodies it sends. */
export interface LargeBodiesOfSender {
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
  /** How many wait at most; then the last of the sender of whom the most wait makes way for others. */
  waiting: number;
  /** How long one has room, in milliseconds: a slow sender goes on without it, and keeps nobody out. */
  stayMs: number;
}

interface Waiting {
  bytes: number;
  admit(): void;
  turnAway(): void;
}

/** Bodies of so many bytes were parsed before the collector is asked to look: `npm run bench -- flood`. */
const PARSED_BYTES = 8 * 1024 * 1024;

/**
 * Those who wait get in by turns of their senders.
 * @param collect takes back the memory that parsing has left behind
 */
export function createLargeBodies(
  { after }: Pick<Clock, 'after'>,
  limits: LargeLimits,
  collect: () => void = () => undefined,
): LargeBodies {
  const line = createWaitingLine<Waiting>();
  const parsed = countParsed(collect);
  const room = createRoom(after, limits, () => {
    for (let next = line.next(); next !== null && room.fits(next.bytes); next = line.next()) next.admit();
  });

  function wait(sender: string, bytes: number): Promise<Leave | null> {
    return new Promise((resolve) => {
      const leaveLine = (hadTurn: boolean) => {
        giveUp();
        return line.remove(sender, waiting, hadTurn);
      };
      const waiting: Waiting = {
        bytes,
        admit() {
          leaveLine(true);
          resolve(room.take(bytes));
        },
        turnAway() {
          if (leaveLine(false)) resolve(null);
        },
      };
      const giveUp = after(limits.waitMs, waiting.turnAway);
      line.add(sender, waiting);
    });
  }

  async function enter(sender: string, bytes: number): Promise<Leave | null> {
    if (line.size === 0 && room.fits(bytes)) return room.take(bytes);
    if (line.size >= limits.waiting) {
      const displaced = line.displacedBy(sender);
      if (displaced === null) return null;
      displaced.turnAway();
    }
    return wait(sender, bytes);
  }

  return {
    of: (address) => ({ enter: (bytes) => enter(networkOf(address), bytes), parsed }),
  };
}

interface Room {
  fits(bytes: number): boolean;
  take(bytes: number): Leave;
}

/** @param givenBack called each time that there is more of it */
function createRoom(after: Clock['after'], { bytes: most, stayMs }: LargeLimits, givenBack: () => void): Room {
  let taken = 0;
  return {
    fits: (bytes) => taken === 0 || taken + bytes <= most,
    take(bytes) {
      taken += bytes;
      let hasRoom = true;
      const giveBack = () => {
        if (!hasRoom) return;
        hasRoom = false;
        taken -= bytes;
        givenBack();
      };
      const forget = after(stayMs, giveBack);
      return () => {
        forget();
        giveBack();
      };
    },
  };
}

/** Who has one address of IPv6 has its /64 (RFC 6177). */
const SENDER_BITS = 64;

function networkOf(address: string | null): string {
  const ip = address === null ? null : readIp(address);
  if (ip === null) return '';
  return ip.kind() === 'ipv6' ? networkText([ip, SENDER_BITS]) : ipText(ip);
}

/** Counts what is left to the collector, and asks it to look when that is much. */
function countParsed(collect: () => void): LargeBodiesOfSender['parsed'] {
  let parsedBytes = 0;
  return (bytes) => {
    if (bytes <= LARGE_BODY_BYTES) return;
    parsedBytes += bytes;
    if (parsedBytes < PARSED_BYTES) return;
    parsedBytes = 0;
    collect();
  };
}
