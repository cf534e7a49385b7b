import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { revising } from '../../../test/store-contract/revisions.ts';
import { aReceipt, newId, recording, TENANT } from '../../../test/store-contract/samples.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import type { Id } from '../../core/ids.ts';
import type { ConfigChange } from '../../ports/store.ts';
import { configure } from './configuration.ts';
import { type Database, openDatabase, type Session } from './database.ts';
import { install } from './install.ts';
import { heldReceipts } from './query-receipts.ts';
import { recordReceipts } from './receipts.ts';
import { reviseReceipt } from './revise.ts';

const [server] = testServers();

function putting(id: Id, version: number | null, releaseTaskId?: Id): ConfigChange {
  const put = { kind: 'put_source', id, config: new Uint8Array(1), createdBy: null, enabled: true } as const;
  return { ...put, urlKeyHash: null, version, ...(releaseTaskId === undefined ? {} : { releaseTaskId }) };
}

function changed(database: Database, change: ConfigChange) {
  return database.transaction('query', (session) => configure(session, { tenant: TENANT, change, claims: [] }, 1));
}

/** Each way in which a source comes to hold a receipt, as it is before the source is told to go on. */
const WAYS: Readonly<
  Record<string, (database: Database, source: Id) => Promise<(session: Session) => Promise<unknown>>>
> = {
  'that comes': async (_, source) => (session) =>
    recordReceipts(session, [recording(aReceipt(source, { outcome: 'held' }), { configVersion: 1 })], 1),
  'that a person accepts': async (database, source) => {
    const rejected = aReceipt(source, { outcome: 'rejected' });
    const given = recording(rejected, { configVersion: 1 });
    await database.transaction('append', (session) => recordReceipts(session, [given], 1));
    const held = { ...revising(rejected), outcome: 'held', events: [], configVersion: 1 } as const;
    return (session) => reviseReceipt(session, held, 1, false);
  },
};

/** What is done to a source while it comes to hold a receipt, and what it then makes of that receipt. */
const ENDS: Readonly<Record<string, (database: Database, source: Id) => Promise<unknown>>> = {
  'who releases what a source holds finds': async (database, source) => {
    await changed(database, putting(source, 1, newId()));
    const limits = { receipts: 9, bytes: 9e6 };
    return (await database.use('query', (later) => heldReceipts(later, source, limits))).length;
  },
  'who deletes a source unless it holds something finds': async (database, source) => {
    const outcome = await changed(database, { kind: 'delete_source', id: source, unlessHolding: true });
    return outcome.kind === 'holding' ? outcome.count : outcome.kind;
  },
};

const CASES = Object.entries(ENDS).flatMap(([who, end]) =>
  Object.entries(WAYS).map(([way, holding]) => ({ name: `${who} a receipt ${way} at that moment`, end, holding })),
);

for (const { name, end, holding } of CASES) {
  test(name, async () => {
    assert.ok(server);
    const url = await server.schema();
    const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {}, times: PATIENT });
    const other = new Client({ connectionString: url });
    try {
      await other.connect();
      await install(database, 1);
      const source = newId();
      await changed(database, putting(source, null));
      const hold = await holding(database, source);
      let goingOn: Promise<unknown> = Promise.resolve(null);
      await database.transaction('append', async (session) => {
        await hold(session);
        let isOn = false;
        goingOn = end(database, source).finally(() => {
          isOn = true;
        });
        await eventually('it to go on, or to wait', async () => {
          const { rowCount } = await other.query("select from pg_locks where locktype = 'advisory' and not granted");
          return isOn || rowCount === 1 ? true : null;
        });
        if (isOn) await goingOn;
      });
      assert.equal(await goingOn, 1);
    } finally {
      await other.end();
      await database.close();
      await server.drop(url);
    }
  });
}
