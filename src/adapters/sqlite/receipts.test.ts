import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { aReceipt, newId, TENANT } from '../../../test/store-contract/samples.ts';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import { statementNamed } from '../sql/statements.ts';
import { openDatabase, sqliteStatements } from './database.ts';
import { install, ownMigrations } from './install.ts';
import { receipt as receiptOf } from './query-receipts.ts';

/** Runs `prove` on the path of a database that is not there yet. */
function withPath(prove: (path: string) => void): Promise<void> {
  return temporaryStore(async ({ directory }) => prove(`${directory}/hookyard.db`));
}

/** As a version of the program stored it that knew no redeliveries, addresses, proofs and revisions. */
function storedBefore(id: string, source: string): string {
  const hex = (text: string) => `x'${text.replaceAll('-', '')}'`;
  const { receivedAtMs, headers, verdict } = aReceipt(source);
  return `insert into receipt (id, tenant, source_id, received_ms, method, headers, body, verdict, outcome, body_differs, event_ids)
    values (${hex(id)}, ${hex(TENANT)}, ${hex(source)}, ${receivedAtMs}, 'POST', '${JSON.stringify(headers)}', x'',
      '${JSON.stringify(verdict)}', 'processed', 0, x'')`;
}

test('a receipt of an older version reads as one that was neither sent nor worked through again', () =>
  withPath((path) => {
    install(path, 1, ownMigrations().slice(0, 2));
    const [id, source] = [newId(), newId()];
    const older = openDatabase(path, 'writing');
    older.migrate(storedBefore(id, source));
    older.close();
    install(path, 1);
    const db = openDatabase(path, 'reading');
    const receipt = aReceipt(source, { id, body: new Uint8Array() });
    assert.deepEqual(receiptOf(db, { tenant: TENANT, id }), { receipt, facts: [], eventIds: [] });
    db.close();
  }));

for (const [name, index] of [
  ['held_sizes', 'receipt_held (source_id=?)'],
  ['rejected_before', 'receipt_rejected_age (received_ms<?)'],
  ['rejected_beyond', 'receipt_rejected (source_id=?)'],
] as const) {
  test(`${name} walks its own index and sorts nothing`, () =>
    withPath((path) => {
      install(path, 1);
      const connection = new DatabaseSync(path);
      const rows = connection.prepare(`explain query plan ${statementNamed(sqliteStatements(), name)}`).all(1, 1);
      connection.close();
      assert.deepEqual(
        rows.map(({ detail }) => String(detail).replace(/^SEARCH receipt USING (COVERING )?INDEX /, '')),
        [index],
      );
    }));
}
