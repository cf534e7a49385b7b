/** Work on one database: statements and transactions, none of which takes longer than it may. */
import type { PoolClient } from 'pg';
import { storeAway } from '../../core/store-away.ts';
import { type Connections, type ConnectionsOptions, createConnections } from './connections.ts';
import { ROADS, type Road, TIMES, type Times } from './roads.ts';
import { type Session, sessionOn } from './session.ts';
import { asUnavailable, isAway, isLostRace, isTaken } from './unavailable.ts';

export type { Road } from './roads.ts';
export type { Session } from './session.ts';

/** A piece of work on one connection. */
export type Work<T> = (session: Session) => Promise<T>;

export interface Database {
  times: Times;
  /** Statements one by one, each its own transaction. */
  use<T>(road: Road, work: Work<T>): Promise<T>;
  /** All or nothing. Runs `work` again when another transaction got in between. `withinMs`: ends it sooner. */
  transaction<T>(road: Road, work: Work<T>, withinMs?: number): Promise<T>;
  /** Statements that all see the database as it was at the first of them, and write nothing. */
  snapshot<T>(road: Road, work: Work<T>): Promise<T>;
  /** Waits for what is under way. */
  close(): Promise<void>;
  /** Drops every connection as it is, like a killed process. */
  crash(): Promise<void>;
}

export interface DatabaseOptions extends ConnectionsOptions {
  /** Milliseconds that are added to the server's clock. */
  clockOffsetMs: () => number;
  times?: Partial<Times>;
}

/** Work that has less left when its connection comes is not begun: it would be cut, maybe in the middle of a commit. */
const LEAST_MS = 500;
/** Races lost in a row after which it is given up. */
const MAX_RACES = 5;

export function openDatabase(options: DatabaseOptions): Database {
  const times: Times = { ...TIMES, ...options.times };
  const connections = createConnections(options, times);

  async function use<T>(road: Road, work: Work<T>, withinMs = Number.POSITIVE_INFINITY): Promise<T> {
    const untilMs = performance.now() + withinMs;
    const client = await connections.borrow(road);
    const statementMs = ROADS[road].statementMs(times);
    const fullMs = statementMs + times.graceMs;
    const leftMs = untilMs - performance.now();
    if (leftMs < LEAST_MS) {
      connections.giveBack(client, false);
      throw storeAway('no connection to the database in time');
    }
    const limit = limited(connections, client, Math.min(leftMs, fullMs), leftMs >= fullMs);
    let broken = false;
    try {
      const session = sessionOn(client, options.clockOffsetMs);
      await connections.makeReady(client, session, statementMs);
      return await work(session);
    } catch (error) {
      const lost = limit.passed() || connections.isLost(client);
      broken = lost || isAway(error);
      throw lost ? asUnavailable(error, limit.passed() ? 'the database did not answer in time' : '') : error;
    } finally {
      limit.end();
      connections.giveBack(client, broken);
    }
  }

  return {
    times,
    use,
    transaction: (road, work, withinMs) =>
      use(road, (session) => again(() => atomically(session, 'begin', work)), withinMs),
    snapshot: (road, work) => use(road, (session) => atomically(session, 'begin_snapshot', work)),
    close: connections.end,
    crash: async () => {
      connections.cut();
      await connections.end();
    },
  };
}

/**
 * How long a connection may take: a server that stands still, or is out of reach, never says that it failed.
 * @param isFull whether a server that works would have answered by then, or ended the statement
 */
function limited(connections: Connections, client: PoolClient, limitMs: number, isFull: boolean) {
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    if (isFull) connections.giveUpAll(client);
    else connections.giveUp(client);
  }, limitMs);
  return { passed: () => passed, end: () => clearTimeout(timer) };
}

async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let race = 1; ; race++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLostRace(error)) throw error;
      if (race === MAX_RACES) throw isTaken(error) ? error : asUnavailable(error);
    }
  }
}

async function atomically<T>(session: Session, begin: 'begin' | 'begin_snapshot', work: Work<T>): Promise<T> {
  await session.run(begin);
  try {
    const result = await work(session);
    await session.run('commit');
    return result;
  } catch (error) {
    if (!isAway(error)) await session.run('rollback');
    throw error;
  }
}
