/** What stands around the data of an answer, and what stands in its place. */
import { type ProblemCode, problemCodes } from '../../core/problem.ts';
import { z } from './zod.ts';

/** What lists say of the bodies in them. */
export const LISTED_BODIES = 'Bodies are cut at 16 KiB here; the whole of one stands at its id.';

/** `meta` of a list. */
export const pageMeta = z
  .object({
    page: z.int().nullable().openapi({ description: 'null when a cursor was followed.' }),
    pageSize: z.int(),
    nextCursor: z.string().nullable().openapi({ description: 'Leads to what is older; null on the last page.' }),
    prevCursor: z
      .string()
      .nullable()
      .openapi({
        description:
          'Leads to the page of what is newer that stands next to this one, newest first too; null on the first page, and ' +
          'when nothing newer was there.',
      }),
  })
  .openapi('PageMeta');

/** An error (RFC 9457). */
export const problemShown = z
  .object({
    type: z.string().openapi({ format: 'uri' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().openapi({ description: '`urn:uuid:` and the request id.' }),
    success: z.literal(false),
    code: z.enum(problemCodes as readonly [ProblemCode, ...ProblemCode[]]),
    agent_action: z.string().openapi({ description: 'One sentence for an agent: what to tell its user next.' }),
    remedy: z.string(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');
