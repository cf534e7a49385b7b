/** Pages of lists, newest first. Ids carry the time of their object, so times are ranges of ids. */
import type { Id } from '../../core/ids.ts';
import { firstIdAt } from '../../core/ids.ts';
import type { Paging } from '../../ports/store.ts';

/** Ids from `from` (inclusive) up to `below` (exclusive). */
export interface IdRange {
  from: Id;
  below: Id;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
/** No id of version 7 is as great. */
const PAST_LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

type Query = Paging & { sinceMs?: number; untilMs?: number };

/** What a page may hold. */
export function rangeOf(query: Query): IdRange {
  const bounds = [query.before, query.untilMs === undefined ? undefined : firstIdAt(query.untilMs + 1)];
  const [below = PAST_LAST_ID] = bounds.filter((bound) => bound !== undefined).sort();
  return { from: query.sinceMs === undefined ? FIRST_ID : firstIdAt(query.sinceMs), below };
}

/** How many of the range come before the page. */
export function skippedOf(query: Query): number {
  return query.before === undefined ? (query.offset ?? 0) : 0;
}
