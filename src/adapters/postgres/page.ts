/** Pages of lists, newest first. Ids carry the time of their object, so times are ranges of ids. */
import { FIRST_ID, firstIdAt, type Id, idBeside } from '../../core/ids.ts';
import type { Paging } from '../../ports/store.ts';

/** Ids from `from` (inclusive) up to `below` (exclusive). */
export interface IdRange {
  from: Id;
  below: Id;
}

/** No id of version 7 is as great. */
const PAST_LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

type Query = Paging & { sinceMs?: number; untilMs?: number };

/** What a page may hold. */
export function rangeOf(query: Query): IdRange {
  const { after, sinceMs, untilMs } = query;
  const before = after === undefined ? query.before : undefined;
  const bounds = [before, untilMs === undefined ? undefined : firstIdAt(untilMs)];
  const [below = PAST_LAST_ID] = bounds.filter((bound) => bound !== undefined).sort();
  const starts = [after === undefined ? FIRST_ID : idBeside(after, 1)];
  if (sinceMs !== undefined) starts.push(firstIdAt(sinceMs));
  return { from: starts.sort().at(-1) ?? FIRST_ID, below };
}
