/**
 * Group commit without a timer: while a batch is being committed the next one collects. One batch more may wait at
 * the engine, so that it never idles between two.
 */

export interface GroupCommitOptions<Call, Answer> {
  /**
   * Runs a batch in one transaction; an error in place of an answer fails that call. Rejects when the engine was lost
   * and nobody knows whether it committed.
   */
  execute(batch: readonly Call[]): Promise<readonly (Answer | Error)[]>;
  /** The call to make instead after its batch was lost; null when it may not be made twice. */
  repeat(call: Call): Call | null;
  /** Calls in one batch at most. */
  maxBatch: number;
  /** What those of one batch may weigh together; one alone may weigh more. Without it nothing is weighed. */
  weight?: { max: number; of(call: Call): number };
  /** Batches at the engine at most. */
  maxInFlight: number;
}

export interface GroupCommit<Call, Answer> {
  submit(call: Call): Promise<Answer>;
  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void>;
}

interface Waiting<Call, Answer> {
  call: Call;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export function createGroupCommit<Call, Answer>(options: GroupCommitOptions<Call, Answer>): GroupCommit<Call, Answer> {
  let queue: Waiting<Call, Answer>[] = [];
  let inFlight = 0;
  let pumping = false;
  let idlers: (() => void)[] = [];

  function pump(): void {
    pumping = false;
    while (inFlight < options.maxInFlight && queue.length > 0) {
      const batch = queue.slice(0, countOf(queue, options));
      queue = queue.slice(batch.length);
      inFlight += 1;
      void run(batch);
    }
    if (inFlight > 0 || queue.length > 0) return;
    for (const wake of idlers) wake();
    idlers = [];
  }

  async function run(batch: readonly Waiting<Call, Answer>[]): Promise<void> {
    try {
      answer(batch, await options.execute(batch.map((waiting) => waiting.call)));
    } catch (lost) {
      queue = [...repeated(batch, options.repeat, asError(lost)), ...queue];
    }
    inFlight -= 1;
    pump();
  }

  return {
    submit: (call) =>
      new Promise((resolve, reject) => {
        queue.push({ call, resolve, reject });
        if (pumping) return;
        pumping = true;
        // What is submitted in the same turn of the event loop goes into the same batch: the callbacks of all sockets
        // that were readable. A microtask would end the batch after the first of them.
        setImmediate(pump);
      }),
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve);
        pump();
      }),
  };
}

/** How many of those that wait make the next batch; at least one. */
function countOf<Call, Answer>(
  queue: readonly Waiting<Call, Answer>[],
  { maxBatch, weight }: GroupCommitOptions<Call, Answer>,
): number {
  if (weight === undefined) return maxBatch;
  let left = weight.max;
  const over = queue.slice(0, maxBatch).findIndex(({ call }, at) => {
    left -= weight.of(call);
    return left < 0 && at > 0;
  });
  return over === -1 ? maxBatch : over;
}

function answer<Call, Answer>(batch: readonly Waiting<Call, Answer>[], outcomes: readonly (Answer | Error)[]): void {
  for (const [at, waiting] of batch.entries()) {
    const outcome = at < outcomes.length ? outcomes[at] : new Error('a call of the batch got no answer');
    if (outcome instanceof Error) waiting.reject(outcome);
    else waiting.resolve(outcome as Answer);
  }
}

function repeated<Call, Answer>(
  batch: readonly Waiting<Call, Answer>[],
  repeat: (call: Call) => Call | null,
  lost: Error,
): readonly Waiting<Call, Answer>[] {
  return batch.flatMap((waiting) => {
    const call = repeat(waiting.call);
    if (call !== null) return [{ ...waiting, call }];
    waiting.reject(lost);
    return [];
  });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
