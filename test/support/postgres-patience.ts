/** Times of a database that answers, on a machine that may stand still: what is waited for costs only who fails. */
import type { Times } from '../../src/adapters/postgres/roads.ts';

export const PATIENT: Partial<Times> = {
  connectMs: 60_000,
  seekMs: 60_000,
  readMs: 60_000,
  graceMs: 30_000,
  operationMs: 180_000,
  idleInTransactionMs: 60_000,
  answerMs: 60_000,
};
