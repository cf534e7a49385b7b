/** What one delivery costs the database and the processes, from counts of many. */
import { medianOf, ratio, table, whole } from './figures.ts';
import type { LogShare, ServerUse } from './server-counts.ts';

/** Counts between two moments of rest. */
export interface Spent {
  deliveries: number;
  server: ServerUse;
  /** Of all processes together. */
  nodesCpuMs: number | null;
  /** Statements that only framed transactions; the server does not count them. */
  framing: number;
}

/** One delivery's share. */
export interface Cost {
  /** All that went to the server, `begin` and `commit` too. */
  statements: number;
  /** Those of them that only frame transactions. */
  framing: number;
  /** Transactions that wrote. */
  commits: number;
  walBytes: number;
  /** Whole pages in it. */
  pageBytes: number;
  buffersHit: number;
  buffersRead: number;
  /** Rows deleted or replaced. */
  deadRows: number;
  serverUs: number | null;
  nodesUs: number | null;
}

/** A column of figures: what it is called, where it comes from, and in which form. */
interface CostColumn {
  head: string;
  of(cost: Cost): number | null;
  form(value: number): string;
}

const COMMIT = 'Transaction/COMMIT';
const LEAVES_DEAD_ROW = /^Heap\/(DELETE|UPDATE|HOT_UPDATE)/;

/** Costs in the order in which they are printed. */
const COST_COLUMNS: readonly CostColumn[] = [
  { head: 'statements', of: ({ statements }) => statements, form: fine },
  { head: 'begin, commit', of: ({ framing }) => framing, form: fine },
  { head: 'writing commits', of: ({ commits }) => commits, form: fine },
  { head: 'WAL bytes', of: ({ walBytes }) => walBytes, form: whole },
  { head: 'in pages', of: ({ pageBytes }) => pageBytes, form: whole },
  { head: 'buffers hit', of: ({ buffersHit }) => buffersHit, form: tenths },
  { head: 'read', of: ({ buffersRead }) => buffersRead, form: fine },
  { head: 'dead rows', of: ({ deadRows }) => deadRows, form: fine },
  { head: 'PostgreSQL µs', of: ({ serverUs }) => serverUs, form: whole },
  { head: 'nodes µs', of: ({ nodesUs }) => nodesUs, form: whole },
];

/** The shares of one delivery. */
export function costOf({ deliveries, server, nodesCpuMs, framing }: Spent): Cost {
  const { statements, records, walBytes, cpuMs } = server;
  const sum = <Row>(rows: readonly Row[], figure: (row: Row) => number) =>
    rows.reduce((total, row) => total + figure(row), 0) / deliveries;
  const each = (ms: number | null) => (ms === null ? null : (ms * 1000) / deliveries);
  return {
    statements: sum(statements, ({ calls }) => calls) + framing / deliveries,
    framing: framing / deliveries,
    commits: sum(records, ({ kind, count }) => (kind === COMMIT ? count : 0)),
    walBytes: walBytes / deliveries,
    pageBytes: sum(records, ({ pageBytes }) => pageBytes),
    buffersHit: sum(statements, ({ buffersHit }) => buffersHit),
    buffersRead: sum(statements, ({ buffersRead }) => buffersRead),
    deadRows: sum(records, ({ kind, count }) => (LEAVES_DEAD_ROW.test(kind) ? count : 0)),
    serverUs: each(cpuMs),
    nodesUs: each(nodesCpuMs),
  };
}

/** One row for each case, then one for each but the first with multiples of the first. Cells are medians of windows. */
export function costTable(
  head: readonly string[],
  cases: readonly { cells: readonly string[]; costs: readonly Cost[] }[],
): string {
  const first = cases[0]?.costs ?? [];
  const rows = cases.map(({ cells, costs }) => [...cells, ...costCells(costs)]);
  const ratios = cases.slice(1).map(({ cells: [name = '', ...others], costs }) => {
    return [`${name} ÷ first`, ...others, ...ratioCells(costs, first)];
  });
  return table([[...head, ...COST_COLUMNS.map(({ head: of }) => of)], ...rows, ...ratios]);
}

function costCells(costs: readonly Cost[]): string[] {
  return COST_COLUMNS.map(({ of, form }) => medianOf(costs.map(of), form));
}

/** A dash where the first has nothing to compare with. */
function ratioCells(costs: readonly Cost[], first: readonly Cost[]): string[] {
  return COST_COLUMNS.map(({ of }) => {
    const base = Number(medianOf(first.map(of), String));
    return base > 0 ? medianOf(costs.map(of), (value) => ratio(value / base)) : '–';
  });
}

/** Which statements and which tables it goes to, per delivery, the dearest first. */
export function detailText(spent: Spent, shares: readonly LogShare[], nameOf: (sql: string) => string): string {
  const { deliveries, server } = spent;
  const statements = server.statements
    .toSorted((a, b) => b.executionMs - a.executionMs)
    .slice(0, DETAILED)
    .map(({ text, calls, rows, walBytes, buffersHit, buffersRead, executionMs }) => [
      nameOf(text),
      whole(calls),
      fine(calls / deliveries),
      tenths(rows / calls),
      whole(walBytes / deliveries),
      tenths((buffersHit + buffersRead) / deliveries),
      whole((buffersHit + buffersRead) / calls),
      tenths((executionMs * 1000) / deliveries),
    ]);
  const records = server.records
    .slice(0, DETAILED)
    .map(({ kind, count, bytes, pageBytes }) => [
      kind,
      fine(count / deliveries),
      whole(bytes / deliveries),
      whole(pageBytes / deliveries),
    ]);
  const tables = shares
    .slice(0, DETAILED)
    .map(({ relation, records: count, bytes }) => [relation, fine(count / deliveries), whole(bytes / deliveries)]);
  return [
    table([['statement', 'calls in all', 'calls', 'rows each', 'WAL bytes', 'buffers', 'each', 'µs'], ...statements]),
    table([['in the log', 'records', 'bytes', 'in pages'], ...records]),
    table([['table or index', 'records', 'bytes'], ...tables]),
  ].join('\n');
}

/** Rows of each detailed table at most. */
const DETAILED = 16;

function fine(value: number): string {
  return value.toFixed(3);
}

function tenths(value: number): string {
  return value.toFixed(1);
}
