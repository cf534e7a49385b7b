import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from 'pg';
import { newId } from '../../../test/store-contract/samples.ts';
import { type TestServer, testServers } from '../../../test/support/postgres.ts';
import { emptyPostgres, type Filled, fill } from '../../../test/support/postgres-filled.ts';
import { OPERATIONS } from '../../../test/support/postgres-operations.ts';
import { explained } from '../../../test/support/postgres-plans.ts';
import { ROWS, SHARDS } from '../../../test/support/postgres-reads.ts';
import type { Session } from './session.ts';
import { statementOf } from './statement.ts';
import type { Values } from './values.ts';

const servers = testServers();
/** What opening each partition of a table, and looking for its first row, may read. */
const OPENING = 60;

/** What any of the operations did beyond its bounds. */
async function excesses(on: Awaited<ReturnType<typeof explained>>, filled: Filled): Promise<readonly string[]> {
  const { session, plans } = on;
  const found: string[] = [];
  for (const [name, { run, reads }] of Object.entries(OPERATIONS)) {
    plans();
    await session.run('begin');
    await run(session, filled);
    await session.run('rollback');
    for (const { sql, scanned, sorted, read } of plans()) {
      const shown = sql.replace(/\s+/g, ' ').trim().slice(0, 120);
      if (scanned.length > 0) found.push(`${name} scans ${scanned}: ${shown}`);
      if (read > reads + OPENING) found.push(`${name} reads ${read} rows: ${shown}`);
      if (sorted > reads) found.push(`${name} sorts ${sorted} rows: ${shown}`);
    }
  }
  return found;
}

async function withSchema(server: TestServer, work: (client: Client) => Promise<void>): Promise<void> {
  const url = await server.schema();
  const client = await emptyPostgres(url, SHARDS);
  try {
    await work(client);
  } finally {
    await client.end();
    await server.drop(url);
  }
}

/** The same session, which notes what it is asked for. */
function noting(session: Session, asked: Map<string, readonly string[]>): Session {
  const note = (statement: string | readonly string[]) => {
    const pieces = typeof statement === 'string' ? [statement] : statement;
    asked.set(pieces.join('+'), pieces);
  };
  return {
    ...session,
    rows: (statement, values) => {
      note(statement);
      return session.rows(statement, values);
    },
    row: (statement, values) => {
      note(statement);
      return session.row(statement, values);
    },
    run: (statement, values) => {
      note(statement);
      return session.run(statement, values);
    },
  };
}

/** Every statement of the operations. */
async function statementsOf(client: Client, filled: Filled): Promise<readonly (readonly string[])[]> {
  const asked = new Map<string, readonly string[]>();
  const session = noting((await explained(client)).session, asked);
  for (const { run } of Object.values(OPERATIONS)) {
    await session.run('begin');
    asked.delete('begin');
    await run(session, filled);
    await session.run('rollback');
    asked.delete('rollback');
  }
  return [...asked.values()];
}

/** Runs statements without values, each in a transaction: their plans are made and kept, whatever comes of it. */
async function planned(session: Session, statements: readonly (readonly string[])[]): Promise<void> {
  for (const pieces of statements) {
    const nothing: Values = Object.fromEntries(statementOf(pieces).parameters.map((name) => [name, null]));
    await session.run('begin');
    await session.rows(pieces, nothing).catch(() => {});
    await session.run('rollback');
  }
}

for (const server of servers) {
  const statements: (readonly string[])[] = [];

  test(`on ${server.name} every statement seeks, whether the server has statistics yet or not`, () =>
    withSchema(server, async (client) => {
      const filled = await fill(client, ROWS, SHARDS);
      const on = await explained(client);
      assert.deepEqual(await excesses(on, filled), []);
      await client.query('analyze');
      assert.deepEqual(await excesses(on, filled), []);
      statements.push(...(await statementsOf(client, filled)));
    }));

  for (const [words, sql] of [
    ['there was nothing', 'select 1'],
    ['the statistics said that there is nothing', 'vacuum analyze'],
  ] as const) {
    test(`on ${server.name} a plan that was made while ${words} seeks when there is much`, () =>
      withSchema(server, async (client) => {
        await client.query(sql);
        const on = await explained(client);
        assert.ok(statements.length > 40);
        await planned(on.session, statements);
        assert.deepEqual(await excesses(on, await fill(client, ROWS, SHARDS)), []);
      }));
  }
}

test('a statement that reads or sorts too much is found', async () => {
  const [server] = servers;
  assert.ok(server);
  await withSchema(server, async (client) => {
    await fill(client, 1_000, SHARDS);
    const { plans } = await explained(client);
    await client.query('set enable_seqscan = on; set enable_indexscan = off');
    plans();
    await client.query('select id from event where id > $1 order by accepted_ms', [newId(0)]);
    const [ran] = plans();
    assert.ok(ran && ran.read >= 1_000 && ran.sorted >= 1_000);
    assert.ok(ran.scanned.some((table) => table.startsWith('event_')));
  });
});
