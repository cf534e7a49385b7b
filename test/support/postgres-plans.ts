/** The plans of statements as they run, from the server's own `auto_explain`. */
import type { Client } from 'pg';
import { type Session, sessionOn } from '../../src/adapters/postgres/session.ts';

/** What a statement did. */
export interface Ran {
  sql: string;
  /** Tables of which all was read, or all of an index of theirs, though there was a choice. */
  scanned: readonly string[];
  /** Rows that went into the largest sort. */
  sorted: number;
  /** Rows that were read, found fitting or not. */
  read: number;
  plan: PlanNode;
}

/** A node of a plan (https://www.postgresql.org/docs/current/using-explain.html). */
export interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: readonly PlanNode[];
}

const SETTINGS = [
  "load 'auto_explain'",
  'set auto_explain.log_min_duration = 0',
  'set auto_explain.log_analyze = on',
  'set auto_explain.log_timing = off',
  'set auto_explain.log_format = json',
  'set client_min_messages = log',
];

/** A session on a client of the test's own, set like the store's, and the plans of what ran on it since they were asked for. */
export async function explained(client: Client): Promise<{ session: Session; plans(): readonly Ran[] }> {
  let plans: Ran[] = [];
  client.removeAllListeners('notice');
  client.on('notice', ({ message = '' }) => {
    const json = /^duration: .* plan:\n(.*)$/s.exec(message)?.[1];
    if (json === undefined) return;
    const { 'Query Text': sql, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode };
    plans.push(ranAs(sql, plan));
  });
  const session = sessionOn(client, () => 0);
  await session.run('open_connection', { statement_ms: 60_000, idle_in_transaction_ms: 60_000 });
  for (const setting of SETTINGS) await client.query(setting);
  return {
    session,
    plans: () => {
      const ran = plans;
      plans = [];
      return ran;
    },
  };
}

function ranAs(sql: string, plan: PlanNode): Ran {
  const nodes = [...nodesOf(plan)].filter((node) => node['Actual Loops'] > 0);
  const scans = nodes.filter((node) => node['Relation Name'] !== undefined && node['Node Type'].includes('Scan'));
  const sorts = nodes.filter((node) => node['Node Type'].endsWith('Sort'));
  return {
    sql,
    scanned: scans.filter(readsAll).map((node) => node['Relation Name'] ?? ''),
    sorted: Math.max(0, ...sorts.flatMap((sort) => (sort.Plans ?? []).map(rowsOf))),
    read: scans.map(rowsOf).reduce((sum, rows) => sum + rows, 0),
    plan,
  };
}

function readsAll(node: PlanNode): boolean {
  const type = node['Node Type'];
  return type.endsWith('Seq Scan') || (type.startsWith('Index') && node['Index Cond'] === undefined);
}

function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}

function rowsOf(node: PlanNode): number {
  const dropped = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return Math.round((node['Actual Rows'] + dropped) * node['Actual Loops']);
}
