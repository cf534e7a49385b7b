import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from 'pg';
import { aHealth, newId } from '../../../test/store-contract/samples.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { emptyPostgres } from '../../../test/support/postgres-filled.ts';
import { type Session, sessionOn } from './session.ts';
import { settle } from './settle.ts';

const SUBSCRIPTIONS = 400;
const ROUNDS = 20;

/** Rows of `subscription` that were changed, and those of them that no index had to be written for. */
async function changed(client: Client): Promise<{ all: number; inPlace: number } | undefined> {
  // Counts of this session too, which the server would look at later.
  await client.query('select pg_stat_force_next_flush()');
  const { rows } = await client.query<{ all: number; inPlace: number }>(
    `select n_tup_upd as all, n_tup_hot_upd as "inPlace" from pg_stat_user_tables
     where relid = 'subscription'::regclass`,
  );
  return rows[0];
}

async function inTransaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.run('begin');
  const done = await work();
  await session.run('commit');
  return done;
}

for (const server of testServers()) {
  test(`on ${server.name} the health of subscriptions is written without their indexes`, async () => {
    const url = await server.schema();
    const client = await emptyPostgres(url);
    try {
      const session = sessionOn(client, () => 0);
      await session.run('open_connection', { statement_ms: 60_000, idle_in_transaction_ms: 60_000 });
      const ids = Array.from({ length: SUBSCRIPTIONS }, () => newId());
      const tenant = newId();
      await inTransaction(session, async () => {
        for (const id of ids) await session.run('insert_subscription', { id, tenant, now: 1, created_by: null });
      });
      for (let round = 0; round < ROUNDS; round++) {
        const some = ids.filter((_, at) => at % ROUNDS === round);
        const health = new Map(some.map((id) => [id, aHealth({ consecutiveFailures: 0, lastDeliveryAtMs: round })]));
        await inTransaction(session, () =>
          settle(session, [{ request: { settlements: [], health }, repeated: false }]),
        );
      }
      assert.deepEqual(await changed(client), { all: SUBSCRIPTIONS, inPlace: SUBSCRIPTIONS });
    } finally {
      await client.end();
      await server.drop(url);
    }
  });
}
