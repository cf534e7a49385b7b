/** The query thread: a read-only connection, one bounded statement at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './database.ts';
import { type ClockOrigin, engineClock } from './engine-clock.ts';
import { type Ask, COPY_LOG, queries } from './queries.ts';
import { serve } from './serve.ts';
import { asError } from './unavailable.ts';

export interface ReaderData {
  path: string;
  clock: ClockOrigin;
}

const { path, clock: origin } = workerData as ReaderData;
const db = openDatabase(path, 'reading');
/** Copies the log and does nothing else, so that it needs no cache. */
const copying = openDatabase(path, 'copying');
const clock = engineClock(origin);

serve<Ask, unknown>(parentPort, {
  answer: (ask, reply) => {
    if (ask === COPY_LOG) {
      copyLog(reply);
      return;
    }
    const [name, input] = ask;
    const query = queries[name] as (database: typeof db, input: unknown, nowMs: number) => unknown;
    advance(() => start(query(db, input, clock.nowMs())), reply);
  },
  close: () => {
    copying.close();
    db.close();
  },
});

function copyLog(reply: (outcome: unknown) => void): void {
  try {
    copying.execute('checkpoint');
    reply(null);
  } catch (error) {
    reply(asError(error));
  }
}

type Steps = Iterator<undefined, unknown>;
type Step = { done: true; value: unknown } | { done: false; steps: Steps };

function start(result: unknown): Step {
  return isSteps(result) ? step(result) : { done: true, value: result };
}

function step(steps: Steps): Step {
  const { done, value } = steps.next();
  return done === true ? { done, value } : { done: false, steps };
}

/** One step in one snapshot; the next after whatever has arrived meanwhile. */
function advance(take: () => Step, reply: (outcome: unknown) => void): void {
  try {
    const taken = inSnapshot(take);
    if (taken.done) reply(taken.value);
    else setImmediate(() => advance(() => step(taken.steps), reply));
  } catch (error) {
    reply(asError(error));
  }
}

function inSnapshot<T>(read: () => T): T {
  db.execute('begin');
  try {
    return read();
  } finally {
    db.execute('commit');
  }
}

function isSteps(result: unknown): result is Steps {
  return typeof result === 'object' && result !== null && Symbol.iterator in result && 'next' in result;
}
