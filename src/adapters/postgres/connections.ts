/** Connections to one database, each set for its own kind of work. None of their errors goes unheard. */
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { storeAway } from '../../core/store-away.ts';
import { ROADS, type Road, type Times } from './roads.ts';
import type { Session } from './session.ts';
import { asUnavailable } from './unavailable.ts';
import { RECEIVED } from './values.ts';

export interface ConnectionsOptions {
  /** `postgres://…` */
  url: string;
  /** Called when an idle connection is lost. */
  onLost(error: Error): void;
}

/** Short enough that a node that has calmed down gives back what it does not need. */
const IDLE_MS = 60_000;
/** Nothing else tells of a host that is gone while a connection is idle. */
const KEEPALIVE_MS = 10_000;
export interface Connections {
  borrow(road: Road): Promise<PoolClient>;
  /** Sets a new connection up. */
  makeReady(client: PoolClient, session: Session, statementMs: number): Promise<void>;
  /** Whether it has ended, by whomever. */
  isLost(client: PoolClient): boolean;
  /** `broken`: it is not to be used again. */
  giveBack(client: PoolClient, broken: boolean): void;
  /** Drops a connection that takes too long. */
  giveUp(client: PoolClient): void;
  /** The same of one whose server does not answer, with those that would be found out one after the other. */
  giveUpAll(client: PoolClient): void;
  /** Drops all of them. */
  cut(): void;
  /** Waits until they are given back, though not for long, and closes them. */
  end(): Promise<void>;
}

export function createConnections(options: ConnectionsOptions, times: Times): Connections {
  const open = new Set<PoolClient>();
  const lent = new Set<PoolClient>();
  const lost = new WeakSet<PoolClient>();
  const allGone = Promise.withResolvers<void>();
  let ended = false;
  const pools = createPools(options, times, {
    opened: (client) => {
      open.add(client);
      // As long as it lives: an error that nobody listens to would end the process. Its statement fails anyway.
      client.on('error', () => lost.add(client));
    },
    closed: (client) => {
      open.delete(client);
      if (ended && open.size === 0) allGone.resolve();
    },
  });

  const cut = (clients: Iterable<PoolClient>) => {
    for (const client of clients) client.connection.stream.destroy();
  };

  return {
    borrow: async (road) => {
      if (ended) throw storeAway('the store is closed');
      try {
        const client = await pools.of(road).connect();
        lent.add(client);
        return client;
      } catch (error) {
        // Whatever it is, it is not about what was to be done.
        throw asUnavailable(error, 'no connection to the database');
      }
    },
    makeReady: readying(times),
    isLost: (client) => lost.has(client),
    giveBack: (client, broken) => {
      lent.delete(client);
      const gone = broken || lost.has(client);
      // To say goodbye to a server that does not answer would keep others waiting for this connection's place.
      if (gone) cut([client]);
      client.release(gone);
    },
    giveUp: (client) => cut([client]),
    giveUpAll: (client) => {
      cut([client]);
      cut(open.difference(lent));
    },
    cut: () => cut(open),
    end: async () => {
      ended = true;
      const late = setTimeout(() => cut(open), times.connectMs);
      await pools.end();
      // A pool does not wait for those that were idle.
      if (open.size > 0) await allGone.promise;
      clearTimeout(late);
    },
  };
}

function readying(times: Times): Connections['makeReady'] {
  const ready = new WeakSet<PoolClient>();
  return async (client, session, statementMs) => {
    if (ready.has(client)) return;
    const settings = { statement_ms: statementMs, idle_in_transaction_ms: times.idleInTransactionMs };
    await session.rows('open_connection', settings);
    ready.add(client);
  };
}

interface Watching {
  opened(client: PoolClient): void;
  closed(client: PoolClient): void;
}

/** A pool for each road, made when it is first taken. */
function createPools({ url, onLost }: ConnectionsOptions, times: Times, watching: Watching) {
  const pools = new Map<Road, Pool>();
  return {
    of: (road: Road): Pool => {
      const known = pools.get(road);
      if (known !== undefined) return known;
      const pool = new Pool(settingsOf(url, road, times));
      pool.on('error', onLost);
      pool.on('connect', watching.opened);
      pool.on('remove', watching.closed);
      pools.set(road, pool);
      return pool;
    },
    end: async (): Promise<void> => {
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map((pool) => pool.end()));
    },
  };
}

function settingsOf(url: string, road: Road, times: Times): PoolConfig {
  return {
    connectionString: url,
    max: ROADS[road].connections,
    types: RECEIVED,
    connectionTimeoutMillis: times.connectMs,
    idleTimeoutMillis: IDLE_MS,
    application_name: `hookyard ${road}`,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
  };
}
