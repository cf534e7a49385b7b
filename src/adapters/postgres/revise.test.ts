import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { MADE, revising } from '../../../test/store-contract/revisions.ts';
import { aReceipt, newId, recording, TENANT } from '../../../test/store-contract/samples.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import type { Receipt } from '../../core/receipt.ts';
import { type Database, openDatabase } from './database.ts';
import { install } from './install.ts';
import { maintain } from './maintain.ts';
import { receipt as receiptOf } from './query-receipts.ts';
import { recordReceipts } from './receipts.ts';
import { reviseReceipt } from './revise.ts';

const [server] = testServers();

/** A rejected receipt, old enough for housekeeping, in a schema of its own. */
async function withRejected(
  prove: (database: Database, rejected: Receipt, other: Client) => Promise<void>,
): Promise<void> {
  assert.ok(server);
  const url = await server.schema();
  const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {}, times: PATIENT });
  const other = new Client({ connectionString: url });
  try {
    await other.connect();
    await install(database, 1);
    const rejected = aReceipt(newId(), { outcome: 'rejected', receivedAtMs: 1 });
    await database.transaction('append', (session) => recordReceipts(session, [recording(rejected)], 1));
    await prove(database, rejected, other);
  } finally {
    await other.end();
    await database.close();
    await server.drop(url);
  }
}

/** Runs `meanwhile` after a revision that accepts was made and before it is committed. */
async function accepting(database: Database, receipt: Receipt, meanwhile: () => Promise<void>) {
  await database.transaction('append', async (session) => {
    assert.deepEqual(await reviseReceipt(session, revising(receipt), 1, false), MADE);
    await meanwhile();
  });
}

async function outcomeOf(database: Database, { id }: Receipt) {
  return (await database.use('work', (session) => receiptOf(session, TENANT, id)))?.receipt.outcome;
}

/** Whether somebody waits for what another transaction is at. */
async function waiting(other: Client): Promise<true | null> {
  const { rowCount } = await other.query("select from pg_locks where locktype = 'transactionid' and not granted");
  return rowCount === 0 ? null : true;
}

test('a rejected receipt that is being accepted stays, however many others come', () =>
  withRejected(async (database, rejected, other) => {
    const another = aReceipt(rejected.sourceId, { outcome: 'rejected' });
    let dropping: Promise<unknown> = Promise.resolve();
    await accepting(database, rejected, async () => {
      dropping = database.transaction('query', (session) =>
        recordReceipts(session, [recording(another, { maxRejected: 1 })], 1),
      );
      await eventually('the drop to wait for the receipt', () => waiting(other));
    });
    await dropping;
    assert.equal(await outcomeOf(database, rejected), 'processed');
  }));

test('housekeeping neither waits for a receipt that is being accepted nor drops it', () =>
  withRejected(async (database, rejected) => {
    await accepting(database, rejected, () => database.transaction('query', maintain));
    assert.equal(await outcomeOf(database, rejected), 'processed');
    const another = { ...rejected, id: newId() };
    await database.transaction('append', (session) => recordReceipts(session, [recording(another)], 1));
    await database.transaction('query', maintain);
    assert.equal(await outcomeOf(database, another), undefined);
  }));
