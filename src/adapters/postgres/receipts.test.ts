import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aReceipt, newId, TENANT } from '../../../test/store-contract/samples.ts';
import { testServers } from '../../../test/support/postgres.ts';
import type { Id } from '../../core/ids.ts';
import { openDatabase } from './database.ts';
import { install } from './install.ts';
import { ownMigrations } from './migrating.ts';
import { receipt as receiptOf } from './query-receipts.ts';

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
    const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {} });
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
