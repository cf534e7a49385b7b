/** Operations that are committed together: what comes while a batch is under way makes the next one. */
import { createGroupCommit, type GroupCommit } from '../sql/group-commit.ts';
import type { Database, Road, Session } from './database.ts';
import { MAX_REPEATS, pauseBefore } from './repeat.ts';
import { asStoreError, isAway } from './unavailable.ts';

/** A call as its operation sees it. */
export interface Repeatable<Input> {
  request: Input;
  /** True when it may have been committed before and its answer lost with the connection. */
  repeated: boolean;
}

export interface Batching<Input, Answer> {
  road: Road;
  maxInFlight: number;
  /** Runs in one transaction; one answer for each call, in their order. */
  operate(session: Session, calls: readonly Repeatable<Input>[]): Promise<readonly Answer[]>;
}

interface Counted<Input> {
  request: Input;
  repeats: number;
}

/** Larger batches make the first wait for the last. */
const MAX_BATCH = 512;

export function batches<Input, Answer>(
  database: Pick<Database, 'transaction'>,
  { road, maxInFlight, operate }: Batching<Input, Answer>,
): { submit(request: Input): Promise<Answer>; idle(): Promise<void> } {
  const together = (batch: readonly Counted<Input>[]) => {
    const calls = batch.map(({ request, repeats }) => ({ request, repeated: repeats > 0 }));
    return database.transaction(road, (session) => operate(session, calls));
  };
  const commits: GroupCommit<Counted<Input>, Answer> = createGroupCommit<Counted<Input>, Answer>({
    execute: async (batch) => {
      await pauseBefore(Math.max(...batch.map(({ repeats }) => repeats)));
      return inTransactions(batch, together);
    },
    repeat: ({ request, repeats }) => (repeats < MAX_REPEATS ? { request, repeats: repeats + 1 } : null),
    maxBatch: MAX_BATCH,
    maxInFlight,
  });
  return { submit: (request) => commits.submit({ request, repeats: 0 }), idle: commits.idle };
}

/** If one call fails the batch is taken back and made call by call, so that only that one fails. */
async function inTransactions<Call, Answer>(
  batch: readonly Call[],
  together: (batch: readonly Call[]) => Promise<readonly Answer[]>,
): Promise<readonly (Answer | Error)[]> {
  try {
    return await together(batch);
  } catch (error) {
    if (isAway(error)) throw asStoreError(error);
    if (batch.length === 1) return [asStoreError(error)];
  }
  const answers: (Answer | Error)[] = [];
  for (const call of batch) answers.push(...(await inTransactions([call], together)));
  return answers;
}
