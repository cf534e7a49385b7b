/** Texts as callers write them. */
import { LOST_NAME, LOST_NAME_WORDS } from '../core/header.ts';
import { z } from './schemas/zod.ts';

export const WHOLE_WORDS = 'Holds half a character: a surrogate without the other of its pair.';

/**
 * Whether a text can be stored: half characters would all become U+FFFD in UTF-8, and two different texts one.
 */
export function isWhole(text: string): boolean {
  return text.isWellFormed();
}

/** A string without half characters. */
export function textInput(minCharacters: number, maxCharacters: number) {
  const text = minCharacters === 0 ? z.string() : z.string().min(minCharacters);
  return text.max(maxCharacters).refine(isWhole, { error: WHOLE_WORDS });
}

/** More than any object of texts may have; each would be checked before they are counted. */
const MAX_TEXTS = 1000;

/** An object of texts. zod leaves a member named `__proto__` out without a word, so it is refused before. */
export function textMap<Record extends z.ZodType>(record: Record) {
  return z.preprocess((value, context) => {
    if (typeof value !== 'object' || value === null) return value;
    if (Object.hasOwn(value, LOST_NAME)) {
      context.addIssue({ code: 'custom', path: [LOST_NAME], message: LOST_NAME_WORDS });
    }
    if (Object.keys(value).length <= MAX_TEXTS) return value;
    context.addIssue({ code: 'custom', message: `At most ${MAX_TEXTS} members.` });
    return z.NEVER;
  }, record);
}
