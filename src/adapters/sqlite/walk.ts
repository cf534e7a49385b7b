/**
 * Walking a list slice by slice, from its newest end or its oldest. Each slice is a bounded piece of an id range, so a
 * filter that matches rarely costs many short statements and not one long one; between two slices other queries get
 * their turn.
 */
import { firstIdAt } from '../../core/ids.ts';
import type { Paging } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import { type Order, orderOf, shownFrom, skippedOf } from '../sql/order.ts';
import type { Database, Value } from './database.ts';

/** Rows of an index that one slice may pass. */
const SLICE_ROWS = 2000;

/** Ids from `from` (inclusive) up to `below` (exclusive), as bytes. */
export interface IdRange {
  from: Uint8Array;
  below: Uint8Array;
}

const FIRST_ID = new Uint8Array(16);
const PAST_LAST_ID = new Uint8Array(17).fill(255);

type Query = Paging & { sinceMs?: number; untilMs?: number };

/** What a page may hold: ids carry the time of their object, so times are ranges of ids. */
export function rangeOf({ before, after, sinceMs, untilMs }: Query): IdRange {
  const starts: Uint8Array[] = [after === undefined ? FIRST_ID : behind(blob(after))];
  const bounds: Uint8Array[] = [PAST_LAST_ID];
  if (sinceMs !== undefined) starts.push(blob(firstIdAt(sinceMs)));
  if (before !== undefined && after === undefined) bounds.push(blob(before));
  if (untilMs !== undefined) bounds.push(blob(firstIdAt(untilMs)));
  return {
    from: starts.sort(Buffer.compare).at(-1) ?? FIRST_ID,
    below: bounds.sort(Buffer.compare)[0] ?? PAST_LAST_ID,
  };
}

/** What sorts directly after an id: no sixteen bytes are between the two. */
function behind(id: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(id.length + 1);
  bytes.set(id);
  return bytes;
}

/** Everything a walk needs of one list. */
export interface List<Row> {
  /** The last id of the next slice, null when the rest of the range is one slice. */
  end(range: IdRange, order: Order): Uint8Array | null;
  /** At most `limit` rows of a slice, in the order of the walk. */
  rows(range: IdRange, limit: number, order: Order): readonly Row[];
}

/** The rows of one page, newest first. Yields between slices. */
export function* walk<Row>(list: List<Row>, query: Query): Walk<Row> {
  const [order, skipped] = [orderOf(query), skippedOf(query)];
  const wanted = skipped + query.limit;
  const found: Row[] = [];
  for (let range = rangeOf(query); ; ) {
    const end = list.end(range, order);
    const [slice, rest] = end === null ? [range, null] : cut(range, end, order);
    found.push(...list.rows(slice, wanted - found.length, order));
    if (rest === null || found.length >= wanted) return shownFrom(found.slice(skipped), order);
    range = rest;
    yield;
  }
}

/** A slice up to its last id, and what is left. */
function cut({ from, below }: IdRange, end: Uint8Array, order: Order): readonly [slice: IdRange, rest: IdRange] {
  const upper = { from: order === 'newest' ? end : behind(end), below };
  const lower = { from, below: upper.from };
  return order === 'newest' ? [upper, lower] : [lower, upper];
}

/** The last id of a slice, of the index that `piece` walks; null when what is left is less. */
export function endOf(
  db: Database,
  piece: string,
  values: IdRange & Readonly<Record<string, Value>>,
  order: Order,
): Uint8Array | null {
  const [row] = db.select<{ id: Uint8Array }>([piece, `slices.${order}`], { ...values, slice: SLICE_ROWS });
  return row?.id ?? null;
}

/** A query in steps. */
export type Walk<Row> = Generator<undefined, readonly Row[], undefined>;
