/**
 * What a PostgreSQL was asked and what it wrote, exactly: statements and buffers as `pg_stat_statements` counts them at
 * once, the log as it stands on disk. The server's own statistics lag by up to a second and would blur both ends.
 */
import type { Client } from 'pg';
import type { Id } from '../src/core/ids.ts';
import { MEASURED_ROLE, type MeasuredPostgres, withClient } from './postgres.ts';
import { familyCpuMs } from './usage.ts';

/** One statement of the measured role, over all its connections. */
export interface StatementCount {
  text: string;
  calls: number;
  rows: number;
  walBytes: number;
  buffersHit: number;
  buffersRead: number;
  executionMs: number;
}

/** One moment. */
export interface Reading {
  /** How far the log was written. */
  lsn: string;
  statements: ReadonlyMap<string, StatementCount>;
  cpuMs: number | null;
}

/** Records of one kind in the log, as `Heap/INSERT`. */
export interface LogRecords {
  kind: string;
  count: number;
  /** Without whole pages. */
  bytes: number;
  /** Of whole pages, written once per page after each checkpoint. */
  pageBytes: number;
}

/** What the log says of one table or index. */
export interface LogShare {
  relation: string;
  records: number;
  bytes: number;
}

/** Between two moments. */
export interface ServerUse {
  walBytes: number;
  statements: readonly StatementCount[];
  records: readonly LogRecords[];
  cpuMs: number | null;
}

/** A connection of whoever measures; its own statements are not counted. */
export interface Counter {
  read(): Promise<Reading>;
  use(from: Reading, to: Reading): Promise<ServerUse>;
  /** What stands in the log between two moments, by table and index, the largest first. */
  shares(from: Reading, to: Reading): Promise<readonly LogShare[]>;
  /** Makes whole pages be written anew at their next change. */
  checkpoint(): Promise<void>;
  /** Shards that each process holds, the most first. */
  holdings(): Promise<readonly number[]>;
  /** Deliveries that are due and not settled. */
  due(): Promise<number>;
  /** Tries recorded of deliveries with this id or a later one. */
  recordedFrom(id: Id): Promise<number>;
}

const LSN = 'select pg_current_wal_insert_lsn()::text as lsn';
// Syncs the log, so that all of it can be read; and where nothing else is written, there is this one record to read.
const MARK = `select pg_logical_emit_message(false, 'bench', '', true)`;
const HOLDINGS = 'select count(*)::int as shards from shard where owner is not null group by owner order by 1 desc';
const DUE = 'select count(*)::int as count from due';
const RECORDED = 'select count(*)::int as count from attempt where delivery_id >= $1::uuid';

const STATEMENTS = `
  select queryid::text as id, query as text, calls::float8, rows::float8, wal_bytes::float8,
    shared_blks_hit::float8 as hit, shared_blks_read::float8 as read, total_exec_time as ms
  from pg_stat_statements where userid = '${MEASURED_ROLE}'::regrole`;

const RECORDS = `
  select "resource_manager/record_type" as kind, count::float8, record_size::float8 as bytes, fpi_size::float8 as pages
  from pg_get_wal_stats($1::pg_lsn, $2::pg_lsn, true) where count > 0 order by combined_size desc`;

// A record counts for the first page that it touches; one that touches none belongs to no table.
const SHARES = `
  with touched as (
    select distinct on (start_lsn) start_lsn, relfilenode, reldatabase, record_length::float8 as bytes
    from pg_get_wal_block_info($1::pg_lsn, $2::pg_lsn, false) order by start_lsn, block_id
  )
  select coalesce(t.relname || ' (toast)', c.relname, 'elsewhere') as relation, count(*)::float8 as records,
    sum(bytes) as bytes
  from touched
  left join pg_class c on pg_relation_filenode(c.oid) = touched.relfilenode
    and touched.reldatabase = (select oid from pg_database where datname = current_database())
  left join pg_class t on t.reltoastrelid = c.oid
  group by 1 order by bytes desc`;

/** Runs `work` with a counter of this server. */
export function withCounter<Result>(
  server: MeasuredPostgres,
  work: (counter: Counter) => Promise<Result>,
): Promise<Result> {
  return withClient(server.adminUrl, (client) => work(counterOn(client, server.pid)));
}

function counterOn(client: Client, pid: number): Counter {
  const rows = async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(sql, [...values])).rows;
  return {
    read: async () => {
      const statements = await rows<StatementRow>(STATEMENTS);
      const [{ lsn } = { lsn: '0/0' }] = await rows<{ lsn: string }>(LSN);
      await rows(MARK);
      return { lsn, statements: new Map(statements.map((row) => [row.id, countOf(row)])), cpuMs: familyCpuMs(pid) };
    },
    use: async (from, to) => ({
      walBytes: lsnBytes(to.lsn) - lsnBytes(from.lsn),
      statements: callsBetween(from, to),
      records: (await rows<RecordRow>(RECORDS, [from.lsn, to.lsn])).map(recordsOf),
      cpuMs: from.cpuMs === null || to.cpuMs === null ? null : to.cpuMs - from.cpuMs,
    }),
    shares: (from, to) => rows<LogShare>(SHARES, [from.lsn, to.lsn]),
    checkpoint: async () => void (await rows('checkpoint')),
    holdings: async () => (await rows<{ shards: number }>(HOLDINGS)).map(({ shards }) => shards),
    due: async () => (await rows<{ count: number }>(DUE))[0]?.count ?? 0,
    recordedFrom: async (id) => (await rows<{ count: number }>(RECORDED, [id]))[0]?.count ?? 0,
  };
}

interface StatementRow {
  id: string;
  text: string;
  calls: number;
  rows: number;
  wal_bytes: number;
  hit: number;
  read: number;
  ms: number;
}

function countOf({ text, calls, rows, wal_bytes: walBytes, hit, read, ms }: StatementRow): StatementCount {
  return { text, calls, rows, walBytes, buffersHit: hit, buffersRead: read, executionMs: ms };
}

interface RecordRow {
  kind: string;
  count: number;
  bytes: number;
  pages: number;
}

function recordsOf({ kind, count, bytes, pages }: RecordRow): LogRecords {
  return { kind, count, bytes, pageBytes: pages };
}

/** A place in the log as bytes from its beginning; it is written as two hexadecimal halves. */
export function lsnBytes(lsn: string): number {
  const [high = '', low = ''] = lsn.split('/');
  return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
}

/** What each statement did between two moments; those that were not called are left out. */
export function callsBetween(from: Pick<Reading, 'statements'>, to: Pick<Reading, 'statements'>): StatementCount[] {
  return [...to.statements].flatMap(([id, after]) => {
    const before = from.statements.get(id);
    if (before === undefined) return [after];
    const since = (figure: Exclude<keyof StatementCount, 'text'>) => after[figure] - before[figure];
    if (since('calls') === 0) return [];
    const { text } = after;
    return [
      {
        text,
        calls: since('calls'),
        rows: since('rows'),
        walBytes: since('walBytes'),
        buffersHit: since('buffersHit'),
        buffersRead: since('buffersRead'),
        executionMs: since('executionMs'),
      },
    ];
  });
}
