/** Operations that are committed together: what comes while a batch is under way makes the next one. */
import { storeAway } from '../../core/store-away.ts';
import { createGroupCommit, type GroupCommit } from '../sql/group-commit.ts';
import type { Database, Road, Session } from './database.ts';
import { hasTime, leftMs, nextTry, type Patience, patienceOf, pauseBefore } from './repeat.ts';
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
  /** Calls in one batch at most, and what they may weigh together. */
  maxBatch?: number;
  weight?: { max: number; of(request: Input): number };
  /** Runs in one transaction; one answer for each call, in their order. */
  operate(session: Session, calls: readonly Repeatable<Input>[]): Promise<readonly Answer[]>;
}

export interface Batches<Input, Answer> {
  /** `repeated`: the caller has asked for the very same before, and nobody knows what came of it. */
  submit(request: Input, repeated?: boolean): Promise<Answer>;
  /** Resolves when nothing waits to be committed. */
  idle(): Promise<void>;
}

interface Call<Input> extends Repeatable<Input> {
  patience: Patience;
}

/** Larger batches make the first wait for the last. */
const MAX_BATCH = 512;

export function batches<Input, Answer>(
  database: Pick<Database, 'transaction' | 'times'>,
  { road, maxInFlight, maxBatch = MAX_BATCH, weight, operate }: Batching<Input, Answer>,
): Batches<Input, Answer> {
  const { times } = database;
  const together = (batch: readonly Call<Input>[]) => {
    const withinMs = Math.min(...batch.map(({ patience }) => leftMs(patience)));
    return database.transaction(road, (session) => operate(session, batch), withinMs);
  };
  const commits: GroupCommit<Call<Input>, Answer> = createGroupCommit<Call<Input>, Answer>({
    execute: async (batch) => {
      await pauseBefore(Math.max(...batch.map(({ patience }) => patience.repeats)));
      const late = new Set(batch.filter(({ patience }) => !hasTime(patience, times)));
      if (late.size === 0) return inTransactions(batch, together);
      const answers = (
        await inTransactions(
          batch.filter((call) => !late.has(call)),
          together,
        )
      ).values();
      return batch.map((call) => (late.has(call) ? tooLate() : (answers.next().value ?? tooLate())));
    },
    repeat: (call) => {
      const patience = nextTry(call.patience, times);
      return patience === null ? null : { ...call, repeated: true, patience };
    },
    maxBatch,
    ...(weight && { weight: { max: weight.max, of: ({ request }) => weight.of(request) } }),
    maxInFlight,
  });
  return {
    submit: (request, repeated = false) => commits.submit({ request, repeated, patience: patienceOf(times) }),
    idle: commits.idle,
  };
}

/** If one call fails the batch is taken back and made call by call, so that only that one fails. */
async function inTransactions<Call, Answer>(
  batch: readonly Call[],
  together: (batch: readonly Call[]) => Promise<readonly Answer[]>,
): Promise<readonly (Answer | Error)[]> {
  if (batch.length === 0) return [];
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

/** A call whose turn came when there was no time left for it. */
function tooLate(): Error {
  return storeAway('the database is too slow');
}
