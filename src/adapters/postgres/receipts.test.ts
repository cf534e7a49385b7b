import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { anEvent, aReceipt, FACT, newId, recording, TENANT } from '../../../test/store-contract/samples.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { QUIET_LOG } from '../../../test/support/sqlite.ts';
import type { Id } from '../../core/ids.ts';
import { openDatabase } from './database.ts';
import { install } from './install.ts';
import { ownMigrations } from './migrating.ts';
import { receipt as receiptOf } from './query-receipts.ts';
import { openPostgresStore } from './store.ts';

/** As a version of the program stores it that knows no redeliveries, addresses, proofs and revisions. */
function storedBefore(id: Id, source: Id): string {
  const { receivedAtMs, headers, verdict } = aReceipt(source);
  return `insert into receipt (id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, body_differs, event_ids)
    values ('${id}', '${TENANT}', '${source}', ${receivedAtMs}, 'POST', '${JSON.stringify(headers)}', '',
      '${JSON.stringify(verdict)}', 'processed', 0, '{}')`;
}

for (const server of testServers()) {
  test(`on ${server.name} a receipt that an older node stored, also beside newer ones, reads as never sent again`, async () => {
    const url = await server.schema();
    const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {}, times: PATIENT });
    const source = newId();
    const ids = [newId(), newId()];
    try {
      for (const [at, migrations] of [ownMigrations().slice(0, 1), ownMigrations()].entries()) {
        await install(database, 1, { migrations });
        await database.use('query', (session) => session.migrate(storedBefore(ids[at] ?? '', source)));
      }
      for (const id of ids) {
        const receipt = aReceipt(source, { id, body: new Uint8Array() });
        const stored = await database.use('query', (session) => receiptOf(session, TENANT, id));
        assert.deepEqual(stored, { receipt, facts: [], eventIds: [] });
      }
    } finally {
      await database.close();
      await server.drop(url);
    }
  });
}

test('a receipt whose connection is cut before its events is not there in part, and then is there once', async () => {
  const [server] = testServers().slice(-1);
  assert.ok(server);
  const url = await server.schema();
  const { store } = await openPostgresStore({ url, log: QUIET_LOG, shards: 1, times: PATIENT });
  const other = new Client({ connectionString: url });
  await other.connect();
  try {
    const event = anEvent();
    const dedupe = { key: 'k', windowMs: null, redeliveryAfterMs: null };
    const request = recording(aReceipt(newId()), { facts: [FACT], events: [{ event, deliveries: [] }], dedupe });
    await other.query('begin; lock table event in share mode');
    const recorded = store.recordReceipt(request);
    const waiting = "select pid from pg_locks where relation = 'event'::regclass and not granted";
    const look = async () => (await other.query<{ pid: number }>(waiting)).rows[0]?.pid;
    const pid = await eventually('its event to wait', look);
    assert.equal(await store.receipt(TENANT, request.receipt.id), null);
    await other.query('select pg_terminate_backend($1)', [pid]);
    await other.query('rollback');
    const made = { kind: 'recorded', handovers: [{ event, tickets: [] }], redeliveryOf: null };
    assert.deepEqual(await recorded, made);
    assert.deepEqual(await store.receipt(TENANT, request.receipt.id), {
      receipt: request.receipt,
      facts: [FACT],
      eventIds: [event.id],
    });
    assert.equal((await store.receipts({ tenant: TENANT, limit: 9 })).length, 1);
  } finally {
    await other.end();
    await store.close();
    await server.drop(url);
  }
});
