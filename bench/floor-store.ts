/** Where a floor keeps events: SQLite on a writer thread, or PostgreSQL; durable before a commit is over. */
import { Worker } from 'node:worker_threads';
import { Client } from 'pg';

/** What is committed together. */
export interface Turn {
  /** Ids of a turn's events follow each other. */
  firstId: number;
  /** The bodies of all events, one behind the other. Given away with the turn. */
  bodies: ArrayBuffer;
  lengths: readonly number[];
  /** Event id and status code in turn, one pair per delivery. */
  outcomes: readonly number[];
}

export interface FloorStore {
  /** Of the events that are there already. */
  largestId: number;
  /** Turns that may be under way at once. */
  maxInFlight: number;
  commit(turn: Turn): Promise<void>;
}

const CONNECTIONS = 2;

const TABLES = `
  create table if not exists event (id bigint primary key, body bytea not null);
  create table if not exists outcome (event_id bigint not null, status int not null, at_ms bigint not null)`;

// The bodies come as one value and are cut: that is cheaper on both sides than a list of them.
const COMMIT = `
  with outcomes as (
    insert into outcome select event_id, status, $7 from unnest($5::bigint[], $6::int[]) as o(event_id, status)
  )
  insert into event
  select $1::bigint + nth - 1, substring($2::bytea from starts for length)
  from unnest($3::int[], $4::int[]) with ordinality as e(starts, length, nth)`;

/** One turn at a time, handed to a thread. */
export async function openSqliteFloor(path: string): Promise<FloorStore> {
  const writer = new Worker(new URL('./floor-writer.ts', import.meta.url), { workerData: { path } });
  let committed = () => {};
  const largestId = await new Promise<number>((resolve) => writer.once('message', resolve));
  writer.on('message', () => committed());
  const commit = (turn: Turn) =>
    new Promise<void>((resolve) => {
      committed = resolve;
      writer.postMessage(turn, [turn.bodies]);
    });
  return { largestId, maxInFlight: 1, commit };
}

/** A turn at a time on each of two connections. */
export async function openPostgresFloor(connectionString: string): Promise<FloorStore> {
  const idle = Array.from({ length: CONNECTIONS }, () => new Client({ connectionString }));
  await Promise.all(idle.map((client) => client.connect()));
  await idle[0]?.query(TABLES);
  const largest = await idle[0]?.query<{ id: number }>('select coalesce(max(id), 0)::float8 as id from event');
  const commit = async (turn: Turn) => {
    const client = idle.pop();
    if (client === undefined) throw new Error('more turns than connections');
    await client.query({ name: 'commit', text: COMMIT, values: valuesOf(turn) });
    idle.push(client);
  };
  return { largestId: largest?.rows[0]?.id ?? 0, maxInFlight: CONNECTIONS, commit };
}

/** In the order of the statement's parameters; strings in SQL are counted from 1. */
function valuesOf({ firstId, bodies, lengths, outcomes }: Turn): unknown[] {
  let at = 1;
  const starts = lengths.map((length) => {
    at += length;
    return at - length;
  });
  const ids = outcomes.filter((_, nth) => nth % 2 === 0);
  const statuses = outcomes.filter((_, nth) => nth % 2 === 1);
  return [firstId, Buffer.from(bodies), starts, lengths, ids, statuses, Date.now()];
}
