import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Client } from 'pg';
import {
  aDelivery,
  anEvent,
  aReceipt,
  BASE_MS,
  bytes,
  FACT,
  newId,
  recording,
  TENANT,
} from '../../../test/store-contract/samples.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { QUIET_LOG } from '../../../test/support/sqlite.ts';
import type { ReceiptOutcome, ReceiptRequest, Store } from '../../ports/store.ts';
import { type Database, openDatabase } from './database.ts';
import { install } from './install.ts';
import { receipts as receiptsOf } from './query-receipts.ts';
import { recordReceipts } from './receipts.ts';
import { openPostgresStore } from './store.ts';

const [server] = testServers().slice(-1);

async function withSchema(prove: (url: string, other: Client) => Promise<void>): Promise<void> {
  assert.ok(server);
  const url = await server.schema();
  const other = new Client({ connectionString: url });
  await other.connect();
  try {
    await prove(url, other);
  } finally {
    await other.end();
    await server.drop(url);
  }
}

async function withDatabase(prove: (database: Database, other: Client) => Promise<void>): Promise<void> {
  await withSchema(async (url, other) => {
    const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {} });
    try {
      await install(database, 1);
      await prove(database, other);
    } finally {
      await database.close();
    }
  });
}

async function withStore(prove: (store: Store, other: Client) => Promise<void>): Promise<void> {
  await withSchema(async (url, other) => {
    const { store } = await openPostgresStore({ url, log: QUIET_LOG, shards: 1 });
    try {
      await prove(store, other);
    } finally {
      await store.close();
    }
  });
}

function recorded(database: Database, requests: readonly ReceiptRequest[]): Promise<readonly ReceiptOutcome[]> {
  return database.transaction('append', (session) => recordReceipts(session, requests, 1));
}

function forEver(key: string) {
  return { key, windowMs: null, redeliveryAfterMs: null };
}

/** Of few receipts, keys, bodies and events, so that they meet. */
function manyThatMeet() {
  const [sources, ids, events, subscription] = [several(2), several(12), several(4), newId()];
  const key = (names: readonly string[]) =>
    fc.option(
      fc.record({
        key: fc.constantFrom(...names),
        windowMs: fc.constantFrom(null, 0, 600_000),
        redeliveryAfterMs: fc.constantFrom(null, 50),
      }),
      { freq: 4 },
    );
  const request = fc.record({
    id: fc.constantFrom(...ids),
    source: fc.constantFrom(...sources),
    outcome: fc.constantFrom('processed', 'held', 'rejected'),
    body: fc.constantFrom('a', 'b'),
    afterMs: fc.nat(100),
    dedupe: key(['k', 'l']),
    replay: key(['r', 's']),
    events: fc.uniqueArray(fc.constantFrom(...events), { maxLength: 2 }),
    configVersion: fc.constantFrom(0, 0, 0, 7),
  });
  return fc.array(
    request.map(({ id, source, outcome, body, afterMs, events: made, ...rest }) => {
      const receipt = aReceipt(source, { id, outcome, body: bytes(body), receivedAtMs: BASE_MS + afterMs });
      const appends = made.map((eventId) => {
        const event = anEvent({ id: eventId });
        return { event, deliveries: [aDelivery(event, subscription)] };
      });
      return recording(receipt, { ...rest, facts: [FACT], events: appends });
    }),
    { minLength: 2, maxLength: 16 },
  );
}

function several(count: number) {
  return Array.from({ length: count }, newId);
}

/** Outcomes without the times at which the deliveries are due. */
function timeless(outcomes: readonly ReceiptOutcome[]) {
  return outcomes.map((outcome) => {
    if (outcome.kind !== 'recorded') return outcome;
    const handovers = outcome.handovers.map(({ event, tickets }) => [
      event.id,
      tickets.map(({ deliveryId }) => deliveryId),
    ]);
    return { ...outcome, handovers };
  });
}

const HOLDERS =
  'select source_id, key, receipt_id, until_ms is null as for_ever from receipt_key order by source_id, key';
const NOTHING = 'truncate receipt, fact, receipt_key, event, due';

test('receipts that come together come to the same as one by one', () =>
  withDatabase(async (database, other) => {
    /** What becomes of them, and what is stored then. */
    const seen = async (batches: readonly (readonly ReceiptRequest[])[]) => {
      await other.query(NOTHING);
      const outcomes: ReceiptOutcome[] = [];
      for (const requests of batches) outcomes.push(...(await recorded(database, requests)));
      const query = { tenant: TENANT, limit: 100 };
      const stored = await database.use('query', (session) => receiptsOf(session, query));
      return { outcomes: timeless(outcomes), stored, holders: (await other.query(HOLDERS)).rows };
    };
    await fc.assert(
      fc.asyncProperty(manyThatMeet(), async (requests) => {
        assert.deepEqual(await seen([requests]), await seen(requests.map((request) => [request])));
      }),
      { numRuns: 50 },
    );
  }));

test('of a batch each receipt is decided after those before it', () =>
  withDatabase(async (database) => {
    const source = newId();
    const keyed = (body: string) => recording(aReceipt(source, { body: bytes(body) }), { dedupe: forEver('k') });
    const event = anEvent();
    const first = { ...keyed('a'), events: [{ event, deliveries: [aDelivery(event, newId())] }] };
    const requests = [first, first, keyed('a'), { ...keyed('b'), replay: forEver('r') }];
    const replayed = recording(aReceipt(source), { replay: forEver('r') });
    const stale = recording(aReceipt(source), { configVersion: 3 });
    const outcomes = await recorded(database, [...requests, replayed, stale]);
    const of = first.receipt.id;
    const { deliveryId } = first.events[0]?.deliveries[0] ?? {};
    assert.deepEqual(timeless(outcomes), [
      { kind: 'recorded', handovers: [[event.id, [deliveryId]]], redeliveryOf: null },
      { kind: 'recorded', handovers: [], redeliveryOf: null },
      { kind: 'duplicate', of, bodyDiffers: false },
      { kind: 'duplicate', of, bodyDiffers: true },
      { kind: 'duplicate', of, bodyDiffers: true },
      { kind: 'stale', configVersion: 0 },
    ]);
  }));

test('of rejected receipts that come together so many stay as are to be kept, of each source', () =>
  withDatabase(async (database) => {
    const sources = several(2);
    const rejected = sources.flatMap((source) =>
      several(4).map((id) => recording(aReceipt(source, { id, outcome: 'rejected' }), { maxRejected: 3 })),
    );
    await recorded(database, rejected);
    for (const sourceId of sources) {
      const query = { tenant: TENANT, sourceId, limit: 100 };
      const kept = await database.use('query', (session) => receiptsOf(session, query));
      assert.equal(kept.length, 3);
    }
  }));

test('receipts that come at once are committed at once', () =>
  withStore(async (store, other) => {
    const requests = several(40).map((source) => recording(aReceipt(source), { dedupe: forEver('k') }));
    const outcomes = await Promise.all(requests.map((request) => store.recordReceipt(request)));
    assert.ok(outcomes.every(({ kind }) => kind === 'recorded'));
    const { rows } = await other.query(
      'select count(*)::int as made, count(distinct xmin::text)::int as by from receipt',
    );
    assert.deepEqual(rows, [{ made: 40, by: 1 }]);
  }));

test('a receipt that the database refuses fails alone', () =>
  withStore(async (store) => {
    const source = newId();
    const good = several(4).map((id) => recording(aReceipt(source, { id }), { dedupe: forEver(id) }));
    const bad = recording(aReceipt(source, { receivedAtMs: 0.5 }));
    const outcomes = await Promise.allSettled([bad, ...good].map((request) => store.recordReceipt(request)));
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.kind : outcome.status)),
      ['rejected', 'recorded', 'recorded', 'recorded', 'recorded'],
    );
    assert.equal((await store.receipts({ tenant: TENANT, limit: 9 })).length, 4);
  }));
