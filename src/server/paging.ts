/** How a page of a list is asked for: by number or by cursor. */
import { type Problem, problem } from '../core/problem.ts';
import { turnOf } from './cursor.ts';
import type { Asked } from './page.ts';
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
  cursor: z.string().optional().openapi({
    description:
      '`meta.nextCursor` of a page, for what is older, or its `meta.prevCursor`, for what is newer; instead of `page`.',
  }),
  limit: wholeNumber(MAX_SIZE, 'Items on a page, beside `cursor`; 20 unless told.'),
});

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
    const place = turnOf(cursor);
    if (place !== null) return { kind: 'asked', place, page: null, size };
    return wrong('?cursor', 'Not a cursor of a list; take `meta.nextCursor` or `meta.prevCursor` as it is.');
  }
  const number = page ?? 1;
  if (number * size > MAX_ROWS) return wrong('?page', `Pages go ${MAX_ROWS} rows deep; use \`cursor\` beyond that.`);
  return { kind: 'asked', place: { kind: 'offset', rows: (number - 1) * size }, page: number, size };
}

function wrong(pointer: string, message: string): Problem {
  return problem('validation_failed', { errors: [{ pointer, message }] });
}
