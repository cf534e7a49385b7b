/**
 * Walking a list newest first, slice by slice. Each slice is a bounded piece of an id range, so a filter that matches
 * rarely costs many short statements and not one long one; between two slices other queries get their turn.
 */
import type { Id } from '../../core/ids.ts';
import { firstIdAt } from '../../core/ids.ts';
import type { Paging } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';

/** Rows of an index that one slice may pass. */
export const SLICE_ROWS = 2000;

/** Ids from `from` (inclusive) up to `below` (exclusive), as bytes. */
export interface IdRange {
  from: Uint8Array;
  below: Uint8Array;
}

const FIRST_ID = new Uint8Array(16);
const PAST_LAST_ID = new Uint8Array(17).fill(255);

/** What a page may hold: ids carry the time of their object, so times are ranges of ids. */
export function rangeOf(query: Paging & { sinceMs?: number; untilMs?: number }): IdRange {
  const bounds = [query.before, query.untilMs === undefined ? undefined : firstIdAt(query.untilMs + 1)];
  const below = bounds.filter((bound) => bound !== undefined).map(blob);
  return {
    from: query.sinceMs === undefined ? FIRST_ID : blob(firstIdAt(query.sinceMs)),
    below: below.sort(Buffer.compare)[0] ?? PAST_LAST_ID,
  };
}

/** Everything a walk needs of one list. */
export interface List<Row> {
  /** The lowest id of the next slice, null when the rest of the range is one slice. */
  floor(range: IdRange): Uint8Array | null;
  /** At most `limit` rows of a slice, newest first. */
  rows(range: IdRange, limit: number): readonly Row[];
}

/** The rows of one page. Yields between slices. */
export function* walk<Row>(list: List<Row>, query: Paging & { sinceMs?: number; untilMs?: number }): Walk<Row> {
  const skipped = query.before === undefined ? (query.offset ?? 0) : 0;
  const wanted = skipped + query.limit;
  const range = rangeOf(query);
  const found: Row[] = [];
  let below = range.below;
  for (;;) {
    const floor = list.floor({ ...range, below });
    found.push(...list.rows({ from: floor ?? range.from, below }, wanted - found.length));
    if (floor === null || found.length >= wanted) return found.slice(skipped);
    below = floor;
    yield;
  }
}

/** A query in steps. */
export type Walk<Row> = Generator<undefined, readonly Row[], undefined>;

/** Ids newest first, each once. */
export function newestFirst(ids: readonly Id[]): readonly Id[] {
  return [...new Set(ids)].sort().reverse();
}
