/** A database of the adapter on a server of the test's. */
import { Client } from 'pg';
import {
  type Database,
  type DatabaseOptions,
  openDatabase,
  type Road,
  type Session,
} from '../../src/adapters/postgres/database.ts';
import { eventually } from './eventually.ts';
import { PATIENT } from './postgres-patience.ts';
import { withoutStrayErrors } from './stray-errors.ts';

/** For who waits for a server that does not answer. One that does is to be asked by `answering`. */
export const HASTY = {
  connectMs: 1_200,
  seekMs: 600,
  readMs: 1_500,
  graceMs: 400,
  operationMs: 2_500,
  idleInTransactionMs: 500,
};

export interface OpenedDatabase {
  database: Database;
  /** Messages of connections that were lost while idle. */
  lost: string[];
}

/** Runs `prove` with a database that is closed afterwards; no error goes unheard. */
export function withDatabaseOn(
  url: string,
  prove: (opened: OpenedDatabase) => Promise<void>,
  options: Partial<DatabaseOptions> = {},
): Promise<void> {
  return withoutStrayErrors(async () => {
    const lost: string[] = [];
    const onLost = ({ message }: Error) => lost.push(message);
    const database = openDatabase({ url, clockOffsetMs: () => 0, onLost, times: PATIENT, ...options });
    try {
      await prove({ database, lost });
    } finally {
      await database.close();
    }
  });
}

/** Takes that long, server time. */
export const sleeping = (seconds: number) => (session: Session) => session.migrate(`select pg_sleep(${seconds})`);

const LOCK = 'pg_advisory_xact_lock(2)';

/** Work that lasts as long as somebody else holds the lock. */
export const behindLock = (session: Session) => session.migrate(`select ${LOCK}`);

/** Runs `prove` while a session of its own holds the lock, until that is released. */
export async function whileLocked(url: string, prove: (release: () => Promise<void>) => Promise<void>): Promise<void> {
  const holder = new Client({ connectionString: url });
  await holder.connect();
  try {
    await holder.query(`begin; select ${LOCK}`);
    await prove(async () => void (await holder.query('commit')));
  } finally {
    await holder.end();
  }
}

/** The least that can be asked. */
export async function asking(database: Database, road: Road): Promise<true> {
  await database.use(road, (session) => session.migrate('select 1'));
  return true;
}

/**
 * The same of a database that answers. Asked again when its time ran out, as on a machine that stood still; what else
 * it fails with is thrown.
 */
export function answering(database: Database, road: Road): Promise<true> {
  return eventually(`an answer on ${road}`, () =>
    asking(database, road).catch((error: Error) => {
      if (!RAN_OUT.test(error.message)) throw error;
      return null;
    }),
  );
}

const RAN_OUT = /in time|timeout/;

/** How many statements of the database under test that the server works on. */
export async function underWay(url: string): Promise<number> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const { rows } = await admin.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where application_name like 'hookyard %' and state = 'active'",
  );
  await admin.end();
  return rows[0]?.n ?? 0;
}
