/**
 * Limits of a reading are of each cursor: a backlog in all the shards of a store must fit into one statement and
 * memory.
 */
import type { ReadLimits } from '../ports.ts';

/** Of one shard it may be as few as this, however many there are. */
const LEAST = 16;

/** Limits for a reading of `cursors` shards that brings `inAll` tickets or a few more, and `most` of each. */
export function limitsOver(cursors: number, { most, inAll, bytes }: { most: number; inAll: number; bytes: number }) {
  const tickets = Math.min(most, Math.max(LEAST, Math.ceil(inAll / cursors)));
  return { tickets, bytes } satisfies ReadLimits;
}
