/** Which way a page of a list is read; it is always shown newest first. */
import type { Id } from '../../core/ids.ts';
import type { Paging } from '../../ports/store.ts';

/** What is read first. Also the last word of the statements' pieces that sort. */
export type Order = 'newest' | 'oldest';

/** A page after an id holds what is next to it, so it is read from there on. */
export function orderOf({ after }: Paging): Order {
  return after === undefined ? 'newest' : 'oldest';
}

/** How many of the range come before the page. */
export function skippedOf({ after, before, offset = 0 }: Paging): number {
  return after === undefined && before === undefined ? offset : 0;
}

/** Ids, each once, as they are read. */
export function inOrder(ids: readonly Id[], order: Order): readonly Id[] {
  const ascending = [...new Set(ids)].sort();
  return order === 'oldest' ? ascending : ascending.reverse();
}

/** What was read in an order, newest first. */
export function shownFrom<Row>(read: readonly Row[], order: Order): readonly Row[] {
  return order === 'newest' ? read : read.toReversed();
}
