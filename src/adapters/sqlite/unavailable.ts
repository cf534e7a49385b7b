/**
 * Which failures of the engine mean that the store is away for now, rather than a bug of ours. An error loses all but
 * its message when it crosses threads, so there the mark is in the message; on the main thread it is its `code`.
 */
import { STORE_UNAVAILABLE } from '../../core/store-away.ts';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that pass or that an operator mends. */
const AWAY: ReadonlySet<number> = new Set([
  5, // busy
  7, // out of memory
  8, // read-only
  10, // input or output failed
  11, // malformed
  13, // disk full
  14, // cannot open
  26, // not a database
]);

/** What was thrown in a thread, as an error that crosses to the main thread. Answers are never errors themselves. */
export function asError(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  const away = 'errcode' in thrown && typeof thrown.errcode === 'number' && AWAY.has(thrown.errcode & 0xff);
  return away ? new Error(`${STORE_UNAVAILABLE}: ${thrown.message}`) : thrown;
}

/** Gives errors among the answers of a thread their code. */
export function withCodes<Answers extends readonly unknown[]>(answers: Answers): Answers {
  for (const answer of answers) {
    if (answer instanceof Error && answer.message.startsWith(STORE_UNAVAILABLE))
      Object.assign(answer, { code: STORE_UNAVAILABLE });
  }
  return answers;
}
