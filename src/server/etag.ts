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

/** What `If-Match` asks for; null without it and for `*`. Anything that no version can equal is 412. */
export function readIfMatch(header: string | null): IfMatch {
  const text = header?.trim() ?? '*';
  if (text === '*') return { kind: 'if', version: null };
  const version = STRONG.exec(text)?.[1];
  if (version !== undefined) return { kind: 'if', version: Number(version) };
  return problem('precondition_failed', {
    detail: 'If-Match takes one ETag as it was given, with its quotes, or `*`.',
  });
}
