/** Versions of objects as entity tags (RFC 9110 §8.8.3), and conditions on them. */
import { type Problem, problem } from '../core/problem.ts';

/** The ETag header of a version. */
export function etag(version: number): { ETag: string } {
  return { ETag: `"${version}"` };
}

/** What the document says of the condition's header. */
export const IF_MATCH_HEADER = { 'If-Match': 'The ETag the change is based on; 412 when the object has moved on.' };

export type IfMatch = { kind: 'if'; version: number | null } | Problem;

const STRONG = /^"([1-9][0-9]{0,9})"$/;
const ANY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/**
 * What `If-Match` asks for; null without it and for `*`. An ETag that no version can equal is 412; what is none, or a
 * list of them, is 400.
 */
export function readIfMatch(header: string | null): IfMatch {
  const text = header?.trim() ?? '*';
  if (text === '*') return { kind: 'if', version: null };
  const version = STRONG.exec(text)?.[1];
  if (version !== undefined) return { kind: 'if', version: Number(version) };
  if (ANY_TAG.test(text)) return problem('precondition_failed', { detail: `${text} is no version of it.` });
  const message = 'Takes one ETag as it was given, with its quotes, or `*`.';
  return problem('validation_failed', {
    detail: `If-Match: ${message}`,
    errors: [{ pointer: 'header/If-Match', message }],
  });
}
