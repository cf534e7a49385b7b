/**
 * Loaded before a program that works on PostgreSQL: ends it with the benchmark that started it, however that ends, and
 * counts the statements that only frame transactions. The server counts each of them once: it forgets what a prepared
 * `begin` is when it has run.
 */
import pg from 'pg';

const FRAMING = /^\s*(begin|commit|rollback)\b/i;

type Query = (this: pg.Client, ...given: unknown[]) => unknown;

let framing = 0;
const prototype = pg.Client.prototype as unknown as { query: Query };
const { query } = prototype;

prototype.query = function counted(...given) {
  if (FRAMING.test(textOf(given[0]))) framing += 1;
  return query.apply(this, given);
};

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  return typeof statement === 'object' && statement !== null && 'text' in statement ? String(statement.text) : '';
}

process.on('message', () => process.send?.(framing));
process.on('disconnect', () => process.exit(1));
// What only waits for a question must not keep a process that is done.
process.channel?.unref();
