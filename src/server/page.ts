/** One page of a list, newest first, with what leads on from it. */
import { FIRST_ID, type Id, idBeside } from '../core/ids.ts';
import type { Paging } from '../ports.ts';
import { cursorOf, type Turn } from './cursor.ts';
import { answerText, type PageMeta, type Reply } from './respond.ts';

/** Where a page begins: so many rows from the newest, or at a turn. */
export type Place = { kind: 'offset'; rows: number } | Turn;

/** A page asked for. */
export interface Asked {
  kind: 'asked';
  place: Place;
  /** Its number, where it was asked for by one. */
  page: number | null;
  size: number;
}

export interface Page<Row> {
  rows: readonly Row[];
  meta: PageMeta;
}

/** The items of a list that is in memory already, as the store would return them. */
export function pageOf<Item extends { id: Id }>(
  items: Iterable<Item>,
  { limit, before, after, offset = 0 }: Paging,
): readonly Item[] {
  const newestFirst = [...items].sort((a, b) => (a.id < b.id ? 1 : -1));
  if (after !== undefined) return newestFirst.filter(({ id }) => id > after).slice(-limit);
  if (before === undefined) return newestFirst.slice(offset, offset + limit);
  return newestFirst.filter(({ id }) => id < before).slice(0, limit);
}

/**
 * Reads the page asked for.
 * @param read gives what a store does for a paging. After a page that a cursor led to, it is asked for one row on the side
 * the caller came from: what was there may be gone.
 */
export async function readPage<Row>(
  { place, page, size }: Asked,
  read: (paging: Paging) => readonly Row[] | Promise<readonly Row[]>,
  idOf: (row: Row) => Id,
): Promise<Page<Row>> {
  // One more than the page holds tells whether there is more on the far side.
  const found = await read({ ...pagingOf(place), limit: size + 1 });
  const rows = place.kind === 'newer' ? found.slice(-size) : found.slice(0, size);
  const isAny = async (paging: Omit<Paging, 'limit'>) => (await read({ ...paging, limit: 1 })).length > 0;
  const { older, newer } = await turnsFrom(place, { ids: rows.map(idOf), isMore: found.length > size }, isAny);
  const nextCursor = older === null ? null : cursorOf({ kind: 'older', than: older });
  const prevCursor = newer === null ? null : cursorOf({ kind: 'newer', than: newer });
  return { rows, meta: { page, pageSize: size, nextCursor, prevCursor } };
}

function pagingOf(place: Place): Omit<Paging, 'limit'> {
  switch (place.kind) {
    case 'offset':
      return { offset: place.rows };
    case 'older':
      return { before: place.than };
    case 'newer':
      return { after: place.than };
  }
}

/** Ids that what is older, and what is newer, is told from; null where nothing is. */
interface Turns {
  older: Id | null;
  newer: Id | null;
}

/**
 * What leads on from a page. An empty one leads on from where it would be; the row it was asked from counts on the side
 * the caller came from.
 */
async function turnsFrom(
  place: Place,
  { ids, isMore }: { ids: readonly Id[]; isMore: boolean },
  isAny: (paging: Omit<Paging, 'limit'>) => Promise<boolean>,
): Promise<Turns> {
  const [newest, oldest] = [ids[0], ids.at(-1)];
  switch (place.kind) {
    case 'offset': {
      const older = isMore ? (oldest ?? null) : null;
      if (place.rows === 0) return { older, newer: null };
      return { older, newer: newest ?? ((await isAny({})) ? FIRST_ID : null) };
    }
    case 'older': {
      const after = newest ?? idBeside(place.than, -1);
      return { older: isMore ? (oldest ?? null) : null, newer: (await isAny({ after })) ? after : null };
    }
    case 'newer': {
      const before = oldest ?? idBeside(place.than, 1);
      return { older: (await isAny({ before })) ? before : null, newer: isMore ? (newest ?? null) : null };
    }
  }
}

/** The answer with a page; `show` makes JSON text of a row. */
export async function listAnswer<Row>(
  { rows, meta }: Page<Row>,
  show: (row: Row) => string | Promise<string>,
): Promise<Reply> {
  const items: string[] = [];
  for (const row of rows) items.push(await show(row));
  return answerText(200, `[${items.join(',')}]`, { meta });
}
