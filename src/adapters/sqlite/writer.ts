/** The writer thread: one transaction, so one sync to disk, for everything that has arrived. */
import { parentPort, workerData } from 'node:worker_threads';
import { letGo } from '../../core/let-go.ts';
import { openDatabase } from './database.ts';
import { type ClockOrigin, engineClock } from './engine-clock.ts';
import { largeBody } from './lent.ts';
import { type Call, operations } from './operations.ts';
import { serve } from './serve.ts';
import { nothingKnown, type Writer } from './turn.ts';
import { asError } from './unavailable.ts';

export interface WriterData {
  path: string;
  shards: number;
  clock: ClockOrigin;
}

/** Changed rows after which the log is copied whoever waits: some tens of megabytes of it. */
const CHECKPOINT_ROWS = 50_000;
/** Large bodies of so many bytes are written before their pages are given back. */
const MOST_WRITTEN_BYTES = 4 * 1024 * 1024;
/** How far the persisted engine time may lag behind. */
const HIGH_WATER_LAG_MS = 1000;

const { path, shards, clock: origin } = workerData as WriterData;
const db = openDatabase(path, 'writing');
const clock = engineClock(origin);
const writer: Writer = { db, nowMs: 0, shards, repeated: false, known: nothingKnown() };
let writtenBytes = 0;
let checkpointedAt = 0;
let persistedMs = 0;

serve<readonly Call[], readonly unknown[]>(parentPort, {
  answer: (calls, reply) => {
    reply(turn(calls));
    letGoOf(calls);
    const asked = calls.some(([name]) => name === 'copyLog');
    if (asked || changesSoFar() - checkpointedAt >= CHECKPOINT_ROWS) checkpoint();
  },
  close: () => {
    checkpoint();
    db.close();
  },
});

/** What large bodies leave in this thread: themselves, and pages until the cache is full of them. */
function letGoOf(calls: readonly Call[]): void {
  for (const call of calls) {
    const body = largeBody(call);
    if (body === null) continue;
    writtenBytes += body.length;
    letGo(body);
  }
  if (writtenBytes < MOST_WRITTEN_BYTES) return;
  writtenBytes = 0;
  db.execute('shrink');
}

/** If one call fails the batch is taken back and made call by call, so that only that one fails. */
function turn(calls: readonly Call[]): readonly unknown[] {
  try {
    return transaction(calls);
  } catch (error) {
    if (calls.length === 1) return [asError(error)];
    return calls.flatMap((call) => turn([call]));
  }
}

function transaction(calls: readonly Call[]): readonly unknown[] {
  writer.nowMs = clock.nowMs();
  db.execute('begin');
  try {
    const before = changesSoFar();
    const outcomes = calls.map(perform);
    if (changesSoFar() > before) persistClock();
    db.execute('commit');
    return outcomes;
  } catch (error) {
    writer.known = nothingKnown();
    persistedMs = 0;
    // A full disk may have rolled the transaction back already.
    if (db.inTransaction()) db.execute('rollback');
    throw error;
  }
}

function perform([name, input, repeated]: Call): unknown {
  writer.repeated = repeated;
  const operation = operations[name] as (writer: Writer, input: unknown) => unknown;
  return operation(writer, input);
}

function persistClock(): void {
  const highWaterMs = clock.highWaterMs();
  if (highWaterMs - persistedMs < HIGH_WATER_LAG_MS) return;
  db.run('set_meta', 'high_water_ms', highWaterMs);
  persistedMs = highWaterMs;
}

function checkpoint(): void {
  db.execute('checkpoint');
  checkpointedAt = changesSoFar();
}

function changesSoFar(): number {
  return db.get<{ changes: number }>('changes_so_far')?.changes ?? 0;
}
