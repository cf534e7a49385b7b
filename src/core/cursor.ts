import { FIRST_ID, type Id } from './ids.ts';

/** A position in one shard's due index. */
export interface DuePosition {
  dueMs: number;
  deliveryId: Id;
}

/**
 * By this much the cursor trails engine time where several write: a commit may become visible a little after its due
 * time.
 */
export const TRAIL_MS = 2000;

/**
 * Where the next claim of a shard starts. After a full page it goes on behind the last ticket; otherwise it falls back
 * behind engine time, also behind what full pages have passed, and what it reads twice is told apart by id (C1).
 */
export function nextCursor(
  page: { last: DuePosition | null; full: boolean; nowMs: number },
  trailMs: number,
): DuePosition {
  if (page.full && page.last !== null) return page.last;
  return { dueMs: Math.max(0, page.nowMs - trailMs), deliveryId: FIRST_ID };
}
