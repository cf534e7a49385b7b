/** Lists: pages by number or by cursor, newest first. */
import { type Id, isId } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { Paging } from '../ports.ts';
import { answerText, type PageMeta, type Reply } from './respond.ts';
import { z } from './schemas/zod.ts';

const DEFAULT_SIZE = 20;
const MAX_SIZE = 200;
/** How many rows deep numbered pages go; cursors go on for ever. */
const MAX_ROWS = 10_000;

const WHOLE = /^[1-9][0-9]{0,5}$/;

function wholeNumber(max: number, description: string) {
  const message = `A whole number from 1 to ${max}.`;
  return z
    .string()
    .refine((text) => WHOLE.test(text) && Number(text) <= max, { error: message })
    .transform(Number)
    .optional()
    .openapi({ type: 'integer', minimum: 1, maximum: max, description });
}

/** The parameters of every list; routes extend them with their filters. */
export const pagingQuery = z.strictObject({
  page: wholeNumber(MAX_ROWS, 'Number of the page, from 1. page × pageSize goes up to 10,000.'),
  pageSize: wholeNumber(MAX_SIZE, 'Items on a page; 20 unless told.'),
  cursor: z.string().optional().openapi({ description: '`meta.nextCursor` of the page before; instead of `page`.' }),
  limit: wholeNumber(MAX_SIZE, 'Items on a page, beside `cursor`; 20 unless told.'),
});

/** A list asked for. */
export interface Asked {
  kind: 'asked';
  /** For the store: one item more than the page holds, which tells whether there is a next page. */
  paging: Paging;
  page: number | null;
  size: number;
}

/** Checks the paging parameters against each other. */
export function readPaging(query: z.output<typeof pagingQuery>): Asked | Problem {
  const { page, pageSize, cursor, limit } = query;
  if (cursor !== undefined && (page !== undefined || pageSize !== undefined)) {
    return wrong('?cursor', 'Goes with `limit`, not with `page` or `pageSize`.');
  }
  if (limit !== undefined && (page !== undefined || pageSize !== undefined)) {
    return wrong('?limit', 'Goes with `cursor`; with `page` it is called `pageSize`.');
  }
  const size = pageSize ?? limit ?? DEFAULT_SIZE;
  if (cursor !== undefined) {
    const before = idOfCursor(cursor);
    if (before === null) return wrong('?cursor', 'Not a cursor of this list; take `meta.nextCursor` as it is.');
    return { kind: 'asked', paging: { limit: size + 1, before }, page: null, size };
  }
  const number = page ?? 1;
  if (number * size > MAX_ROWS) return wrong('?page', `Pages go ${MAX_ROWS} rows deep; use \`cursor\` beyond that.`);
  return { kind: 'asked', paging: { limit: size + 1, offset: (number - 1) * size }, page: number, size };
}

function wrong(pointer: string, message: string): Problem {
  return problem('validation_failed', { errors: [{ pointer, message }] });
}

/** The items of a list that is in memory already, as the store would return them. */
export function pageOf<Item extends { id: Id }>(items: Iterable<Item>, { limit, before, offset = 0 }: Paging): Item[] {
  const newestFirst = [...items].sort((a, b) => (a.id < b.id ? 1 : -1));
  if (before === undefined) return newestFirst.slice(offset, offset + limit);
  return newestFirst.filter(({ id }) => id < before).slice(0, limit);
}

/**
 * The answer to a list.
 * @param rows as the store returned them for `asked.paging`
 * @param show an item as JSON text
 */
export async function listAnswer<Row>(
  asked: Asked,
  rows: readonly Row[],
  idOf: (row: Row) => Id,
  show: (row: Row) => string | Promise<string>,
): Promise<Reply> {
  const shown = rows.slice(0, asked.size);
  const last = shown.at(-1);
  const more = rows.length > asked.size && last !== undefined;
  const meta: PageMeta = {
    page: asked.page,
    pageSize: asked.size,
    nextCursor: more ? cursorOf(idOf(last)) : null,
    prevCursor: null,
  };
  const items: string[] = [];
  for (const row of shown) items.push(await show(row));
  return answerText(200, `[${items.join(',')}]`, { meta });
}

function cursorOf(id: Id): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

function idOfCursor(cursor: string): Id | null {
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return isId(id) && cursorOf(id) === cursor ? id : null;
}
