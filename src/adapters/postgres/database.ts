/** Connections to one database, each set for its own kind of work, and transactions on them. */
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { statementOf } from './statement.ts';
import { isAway, isLostRace } from './unavailable.ts';
import { RECEIVED, sent, type Values } from './values.ts';

/** One connection, inside a transaction or not. */
export interface Session {
  /** The rows of a statement, named or made of named pieces. */
  rows<Row>(statement: string | readonly string[], values?: Values): Promise<readonly Row[]>;
  row<Row>(statement: string | readonly string[], values?: Values): Promise<Row | undefined>;
  /** The number of rows that a statement wrote. */
  run(statement: string, values?: Values): Promise<number>;
  /** SQL of a migration. */
  migrate(sql: string): Promise<void>;
}

/** What connections are kept for, so that nothing waits for what may take long or stand in line. */
export type Road = 'append' | 'settle' | 'lease' | 'query';

export interface Database {
  /** Statements one by one, each its own transaction. */
  use<T>(road: Road, work: (session: Session) => Promise<T>): Promise<T>;
  /** All or nothing. Runs `work` again when another transaction got in between. */
  transaction<T>(road: Road, work: (session: Session) => Promise<T>): Promise<T>;
  /** Statements that all see the database as it was at the first of them, and write nothing. */
  snapshot<T>(road: Road, work: (session: Session) => Promise<T>): Promise<T>;
  /** Waits for what is under way. */
  close(): Promise<void>;
  /** Drops every connection as it is, like a killed process. */
  crash(): Promise<void>;
}

export interface DatabaseOptions {
  /** `postgres://…` */
  url: string;
  /** Milliseconds that are added to the server's clock. */
  clockOffsetMs: () => number;
  /** Called when an idle connection is lost. */
  onLost(error: Error): void;
}

/** Connections of each kind at most. Settles stand in one line, so that they are made in the order they were asked for. */
const CONNECTIONS: Readonly<Record<Road, number>> = { append: 2, settle: 1, lease: 1, query: 4 };
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** A node that stands still inside a transaction loses it, with the locks that others wait for. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** Races lost in a row after which the error is given to the caller: then it is no race. */
const MAX_RACES = 5;

export function openDatabase(options: DatabaseOptions): Database {
  const pools = new Map<Road, Pool>();
  const clients = new Set<PoolClient>();

  function poolOf(road: Road): Pool {
    const known = pools.get(road);
    if (known !== undefined) return known;
    const pool = new Pool(settingsOf(options.url, road));
    pool.on('error', options.onLost);
    pool.on('connect', (client) => {
      clients.add(client);
      // Before whatever it is lent for; a connection that fails here fails at that too.
      client.query(statementOf(['open_connection']).text).catch(() => {});
    });
    pool.on('remove', (client) => clients.delete(client));
    pools.set(road, pool);
    return pool;
  }

  async function end(): Promise<void> {
    const all = [...pools.values()];
    pools.clear();
    await Promise.all(all.map((pool) => pool.end()));
  }

  async function use<T>(road: Road, work: (session: Session) => Promise<T>): Promise<T> {
    const client = await poolOf(road).connect();
    let broken = false;
    // Without a listener, a connection lost while it is lent would be an uncaught error; the statement fails anyway.
    const onError = () => {
      broken = true;
    };
    client.on('error', onError);
    try {
      return await work(sessionOn(client, options.clockOffsetMs));
    } catch (error) {
      broken ||= isAway(error);
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  return {
    use,
    transaction: (road, work) => use(road, (session) => again(() => atomically(session, 'begin', work))),
    snapshot: (road, work) => use(road, (session) => atomically(session, 'begin_snapshot', work)),
    close: end,
    crash: async () => {
      for (const client of clients) client.connection.stream.destroy();
      await end();
    },
  };
}

function settingsOf(url: string, road: Road): PoolConfig {
  return {
    connectionString: url,
    max: CONNECTIONS[road],
    types: RECEIVED,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    application_name: `hookyard ${road}`,
    keepAlive: true,
  };
}

async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let race = 1; ; race++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLostRace(error) || race === MAX_RACES) throw error;
    }
  }
}

async function atomically<T>(
  session: Session,
  begin: 'begin' | 'begin_snapshot',
  work: (session: Session) => Promise<T>,
): Promise<T> {
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

function sessionOn(client: PoolClient, clockOffsetMs: () => number): Session {
  async function ask(pieces: readonly string[], values: Values) {
    const { name, text, parameters } = statementOf(pieces);
    const given: Values = { clock_offset_ms: clockOffsetMs(), ...values };
    const bound = parameters.map((parameter) => {
      const value = given[parameter];
      if (value === undefined) throw new Error(`${pieces.join(' + ')} needs ${parameter}`);
      return sent(value);
    });
    return client.query({ name, text, values: bound });
  }
  // Which columns a row has is said by the statement; the caller names their type beside the statement's name.
  const rows = async <Row>(statement: string | readonly string[], values: Values = {}) => {
    const { rows: found } = await ask(typeof statement === 'string' ? [statement] : statement, values);
    return found as Row[];
  };
  return {
    rows,
    row: async <Row>(statement: string | readonly string[], values: Values = {}) =>
      (await rows<Row>(statement, values))[0],
    run: async (statement, values = {}) => (await ask([statement], values)).rowCount ?? 0,
    migrate: async (sql) => {
      await client.query(sql);
    },
  };
}
