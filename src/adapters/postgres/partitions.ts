/** Weeks of the large tables, made ahead, so that what is old can be dropped whole and indexes of today stay small. */
import { DatabaseError } from 'pg';
import type { Log } from '../../ports.ts';
import type { Database, Session } from './database.ts';
import { engineMs } from './engine-time.ts';
import { tryLockPartitions } from './locks.ts';

/** What a partition holds of each table: rows whose key carries a time of that week. */
export interface Week {
  /** By its Monday, in UTC: `20261116`. */
  name: string;
  /** Inclusive. */
  from: string;
  /** Exclusive. */
  below: string;
}

export const PARTITIONED = ['event', 'attempt', 'receipt', 'fact'] as const;
export type Partitioned = (typeof PARTITIONED)[number];

const WEEK_MS = 7 * 24 * 3_600_000;
/** The first Monday after the epoch. */
const MONDAY_MS = 4 * 24 * 3_600_000;
/** A week in which making the next one may fail. Each takes some milliseconds of an install, and a lock of each plan. */
const WEEKS_AHEAD = 1;
/** Every statement stands still while one waits for a table of its own. */
const LOCK_MS = 200;
/** Time to look through a DEFAULT partition, which others wait for. */
const STATEMENT_MS = 1_000;
/** Between two looks when the last one could not make all there should be. */
const PAUSE_MS = 60_000;

/** The week that `ms` is in, and others by their distance from it. */
export function weekOf(ms: number, distance = 0): Week {
  const fromMs = Math.floor((ms - MONDAY_MS) / WEEK_MS + distance) * WEEK_MS + MONDAY_MS;
  const name = new Date(fromMs).toISOString().slice(0, 10).replaceAll('-', '');
  return { name, from: boundAt(fromMs), below: boundAt(fromMs + WEEK_MS) };
}

/** Below every UUID that carries `ms`, of whatever version. */
function boundAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The weeks there should be at `nowMs`: this one and what comes next. */
export function weeksFrom(nowMs: number): readonly Week[] {
  return Array.from({ length: 1 + WEEKS_AHEAD }, (_, distance) => weekOf(nowMs, distance));
}

/**
 * A look at the weeks there should be, which makes those that are missing; it never fails and never stops others for
 * more than a moment. What could not be made is tried again at a later look; its rows go into the DEFAULT partition.
 */
export function partitionsAhead(database: Pick<Database, 'use' | 'transaction'>, log: Log): () => Promise<void> {
  const told = new Set<string>();
  let complete = '';
  let nextMs = 0;
  return async () => {
    try {
      const nowMs = await database.use('query', engineMs);
      const weeks = weeksFrom(nowMs);
      const last = weeks.at(-1)?.name ?? '';
      if (complete === last || nowMs < nextMs) return;
      const looked = await makeMissing(database, weeks, log, told);
      if (looked === 'complete') complete = last;
      if (looked === 'failed') nextMs = nowMs + PAUSE_MS;
    } catch (error) {
      log.warn('partition.failed', { error });
    }
  };
}

/** `complete`: all of these weeks are there now, or can no longer be made. `busy`: another node goes on with the rest. */
async function makeMissing(
  database: Pick<Database, 'use' | 'transaction'>,
  weeks: readonly Week[],
  log: Log,
  told: Set<string>,
): Promise<'complete' | 'busy' | 'failed'> {
  const missing = await database.use('query', (session) => missingPartitions(session, weeks));
  let looked: 'complete' | 'failed' = 'complete';
  for (const { table, week } of missing) {
    const partition = `${table}_${week.name}`;
    const outcome = await database.transaction('query', (session) => makeInTurn(session, table, week)).catch(whyNot);
    if (outcome === 'busy') return 'busy';
    if (outcome === 'made') log.info('partition.made', { partition });
    else if (outcome === 'late' && !told.has(partition)) log.warn('partition.skipped', { partition });
    else if (outcome instanceof Error) log.warn('partition.failed', { partition, error: outcome });
    if (outcome === 'late') told.add(partition);
    if (outcome instanceof Error) looked = 'failed';
  }
  return looked;
}

async function missingPartitions(session: Session, weeks: readonly Week[]) {
  const byName = new Map(weeks.map((week) => [week.name, week]));
  const values = { tables: PARTITIONED, weeks: [...byName.keys()] };
  const rows = await session.rows<{ table: Partitioned; week: string }>('missing_partitions', values);
  return rows.flatMap(({ table, week: name }) => {
    const week = byName.get(name);
    return week === undefined ? [] : [{ table, week }];
  });
}

/** `late`: the DEFAULT partition has rows of that week already. `there`: another node made it. `busy`: it is at it. */
type Outcome = 'made' | 'late' | 'there' | 'busy';

/** In a transaction of its own. */
async function makeInTurn(session: Session, table: Partitioned, week: Week): Promise<Outcome> {
  if (!(await tryLockPartitions(session))) return 'busy';
  if (!(await missingPartitions(session, [week])).some((missing) => missing.table === table)) return 'there';
  await session.run('bound_waiting', { lock_ms: LOCK_MS, statement_ms: STATEMENT_MS });
  return makePartition(session, table, week);
}

/** Makes that week of a table, unless rows of it came before. */
export async function makePartition(session: Session, table: Partitioned, week: Week): Promise<'made' | 'late'> {
  const { name, from, below } = week;
  if ((await session.row([`in_default.${table}`], { from, below })) !== undefined) return 'late';
  const made = await session.row<{ ddl: string }>('make_partition', { table, week: name, from, below });
  if (made !== undefined) await session.migrate(made.ddl);
  return 'made';
}

/** A row that came in between the look and the lock makes it late; anything else may pass. */
function whyNot(error: unknown): Outcome | Error {
  if (error instanceof DatabaseError && error.code === CHECK_VIOLATION) return 'late';
  return error instanceof Error ? error : new Error(String(error));
}

const CHECK_VIOLATION = '23514';
