/** Times as callers write them. */
import { z } from './schemas/zod.ts';

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
export const TIME_WORDS = 'An ISO-8601 time with a zone, such as 2026-01-31T09:30:00Z.';

/** Milliseconds of an ISO-8601 time with a zone; null when the text is not one. */
export function readTimeMs(text: string): number | null {
  if (!ISO.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isFinite(ms) && isCalendarDay(text.slice(0, 10)) ? ms : null;
}

/** `Date.parse` rolls the 30th of February over. */
function isCalendarDay(day: string): boolean {
  return new Date(Date.parse(`${day}T00:00Z`)).toISOString().startsWith(day);
}

/** A time in a body or a query, as milliseconds. */
export const timeInput = z
  .string()
  .refine((text) => readTimeMs(text) !== null, { error: TIME_WORDS })
  .transform((text) => readTimeMs(text) ?? 0)
  .openapi({ type: 'string', format: 'date-time' });
