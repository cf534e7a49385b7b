import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { newId } from '../../../test/store-contract/samples.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { lockReceiptKeys } from './locks.ts';
import { sessionOn } from './session.ts';

const HELD = "select objid::text from pg_locks where locktype = 'advisory' and granted and pid = $1 order by objid";
const WAITING = "select pid from pg_locks where locktype = 'advisory' and not granted";

for (const server of testServers()) {
  test(`on ${server.name} keys are locked in one order, in whichever they are asked for`, async () => {
    const url = await server.schema();
    const clients = [1, 2, 3].map(() => new Client({ connectionString: url }));
    const [one, two, watching] = clients;
    assert.ok(one && two && watching);
    await Promise.all(clients.map((client) => client.connect()));
    const source = newId();
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({ source, key }));
    const held: unknown[] = [];
    try {
      for (const asked of [keys, keys.toReversed()]) {
        await Promise.all([one, two].map((client) => client.query('begin')));
        await lockReceiptKeys(
          sessionOn(one, () => 0),
          keys.slice(2, 3),
        );
        const locked = lockReceiptKeys(
          sessionOn(two, () => 0),
          asked,
        );
        const pid = await eventually('it to wait', async () => {
          const { rows } = await watching.query<{ pid: number }>(WAITING);
          return rows[0]?.pid;
        });
        held.push((await watching.query(HELD, [pid])).rows);
        await one.query('rollback');
        await locked;
        await two.query('rollback');
      }
      assert.deepEqual(held[0], held[1]);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
      await server.drop(url);
    }
  });
}
