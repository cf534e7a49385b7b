/**
 * The PostgreSQL that is measured: a fresh one for each run, which syncs what it commits. Checkpoints stay away, so that
 * whole pages in the log, of which there is one per page and checkpoint, do not blur what a delivery costs.
 */
import { Client } from 'pg';
import { startPostgres } from '../test/support/postgres-server.ts';

export interface MeasuredPostgres {
  /** For those who are measured: a role and a database of their own. */
  url: string;
  /** For whoever measures, in the same database. */
  adminUrl: string;
  pid: number;
}

/** The role whose statements are counted. */
export const MEASURED_ROLE = 'measured';
const DATABASE = 'hookyard';
const VERSION = '18';

const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  wal_level: 'replica',
  checkpoint_timeout: '1h',
  max_wal_size: '24GB',
  shared_buffers: '512MB',
  max_connections: '100',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'top',
};

/** Runs `work` with a server that goes with it, and with its data. */
export async function withPostgres<Result>(work: (server: MeasuredPostgres) => Promise<Result>): Promise<Result> {
  const server = await startPostgres(VERSION, { settings: SETTINGS, tcp: true });
  try {
    await prepare(server.url);
    const adminUrl = databaseUrl(server.url, null);
    return await work({ url: databaseUrl(server.url, MEASURED_ROLE), adminUrl, pid: server.pid() });
  } finally {
    await server.stop();
  }
}

async function prepare(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`create role ${MEASURED_ROLE} login`);
    await client.query(`create database ${DATABASE} owner ${MEASURED_ROLE}`);
  });
  await withClient(databaseUrl(url, null), async (client) => {
    await client.query('create extension pg_stat_statements');
    await client.query('create extension pg_walinspect');
  });
}

function databaseUrl(url: string, role: string | null): string {
  const of = new URL(url);
  of.pathname = `/${DATABASE}`;
  if (role !== null) of.username = role;
  return of.href;
}

/** Runs `work` with a connection. */
export async function withClient<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
