import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { anEvent, newId, TENANT } from '../../../test/store-contract/samples.ts';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import type { DeliveryQuery, EventQuery, Paging, ReceiptQuery } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import { compose } from '../sql/statements.ts';
import { type Database, openDatabase, sqliteStatements, type Value } from './database.ts';
import { install } from './install.ts';
import { deliveries } from './query-deliveries.ts';
import { events } from './query-events.ts';
import { receipts } from './query-receipts.ts';

type Listing = (db: Database, paging: Paging) => Iterator<undefined, readonly unknown[]>;

const ofEvents =
  (query: Partial<EventQuery>): Listing =>
  (db, paging) =>
    events(db, { tenant: TENANT, ...query, ...paging });
const ofDeliveries =
  (query: Partial<DeliveryQuery>): Listing =>
  (db, paging) =>
    deliveries(db, { tenant: TENANT, ...query, ...paging });
const ofReceipts =
  (query: Partial<ReceiptQuery>): Listing =>
  (db, paging) =>
    receipts(db, { tenant: TENANT, ...query, ...paging });

const [HOOK, SOURCE, MIDDLE] = [newId(), newId(), newId()];

const OF_EVENTS = ['event_tenant (tenant=? AND id>? AND id<?)'];
const OPEN = ['due_delivery (delivery_id>? AND delivery_id<?)', 'lane_delivery (delivery_id>? AND delivery_id<?)'];
const OF_ALL = [...OPEN, 'sqlite_autoindex_attempt_1 (delivery_id>? AND delivery_id<?)'];
const UNDELIVERED = 'attempt_undelivered (tenant=? AND delivery_id>? AND delivery_id<?)';
const OPEN_OF_HOOK = [
  'due_subscription (subscription_id=? AND delivery_id>? AND delivery_id<?)',
  'lane_subscription (subscription_id=? AND delivery_id>? AND delivery_id<?)',
];
const OF_HOOK = ['attempt_subscription (subscription_id=? AND delivery_id>? AND delivery_id<?)', ...OPEN_OF_HOOK];
const UNDELIVERED_OF_HOOK = 'attempt_undelivered_subscription (subscription_id=? AND delivery_id>? AND delivery_id<?)';
const OF_RECEIPTS = ['receipt_tenant (tenant=? AND id>? AND id<?)'];
const OF_SOURCE = ['receipt_source (source_id=? AND id>? AND id<?)'];

/** Each list with the ranges that it walks. */
const LISTS: readonly [name: string, list: Listing, ranges: readonly string[]][] = [
  ['events', ofEvents({}), OF_EVENTS],
  ['events of a type and an owner', ofEvents({ type: 'a', owner: 'org:7' }), OF_EVENTS],
  ['deliveries', ofDeliveries({}), OF_ALL],
  ['deliveries of a type', ofDeliveries({ type: 'a' }), OF_ALL],
  ['pending deliveries', ofDeliveries({ status: 'pending' }), OPEN],
  ['deliveries that failed', ofDeliveries({ status: 'failed_permanent' }), [UNDELIVERED]],
  ['deliveries not made', ofDeliveries({ status: 'undelivered' }), [UNDELIVERED, ...OPEN]],
  ['deliveries of a subscription', ofDeliveries({ subscriptionId: HOOK }), OF_HOOK],
  [
    'deliveries of a subscription not made',
    ofDeliveries({ subscriptionId: HOOK, status: 'undelivered' }),
    [UNDELIVERED_OF_HOOK, ...OPEN_OF_HOOK],
  ],
  ['receipts', ofReceipts({}), OF_RECEIPTS],
  ['receipts of an outcome', ofReceipts({ outcome: 'held' }), OF_RECEIPTS],
  ['receipts of a source', ofReceipts({ sourceId: SOURCE }), OF_SOURCE],
];

/** What the statements of one page do, as SQLite plans them. */
function planOf(path: string, list: Listing, paging: Paging): readonly string[] {
  const db = openDatabase(path, 'reading');
  const connection = new DatabaseSync(path, { readOnly: true });
  const found = new Set<string>();
  const select = <Row>(pieces: readonly string[], values: Readonly<Record<string, Value>>) => {
    const sql = compose(sqliteStatements(), pieces);
    for (const { detail } of connection.prepare(`explain query plan ${sql}`).all(values)) found.add(`${detail}`);
    return db.select<Row>(pieces, values);
  };
  const steps = list({ ...db, select }, paging);
  while (steps.next().done !== true);
  connection.close();
  db.close();
  return [...found];
}

const PAGES: readonly [words: string, paging: Paging][] = [
  ['first page', { limit: 2 }],
  ['page before an id', { limit: 2, before: MIDDLE }],
  ['page after an id', { limit: 2, after: MIDDLE }],
];

test('every page of every list seeks a range of an index that has its order', () =>
  temporaryStore(async ({ directory }) => {
    const path = `${directory}/hookyard.db`;
    install(path, 1);
    for (const [name, list, ranges] of LISTS) {
      for (const [words, paging] of PAGES) {
        const plan = planOf(path, list, paging).filter((detail) => !detail.startsWith('CORRELATED'));
        const seeks = plan.filter((detail) => detail.startsWith('SEARCH '));
        assert.deepEqual(seeks, plan, `${words} of ${name}`);
        const walked = seeks
          .filter((detail) => detail.includes('>?'))
          .map((detail) => detail.replace(/^.* INDEX /, ''));
        assert.deepEqual([...new Set(walked)].sort(), [...ranges].sort(), `${words} of ${name}`);
      }
    }
  }));

test('a page behind more rows than one slice may pass is found from either end, slice by slice', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    const all = Array.from({ length: 4_500 }, (_, n) => anEvent({ type: n === 0 || n === 4_499 ? 'rare' : 'common' }));
    await Promise.all(all.map((event) => store.append({ event, deliveries: [], configVersion: 0, claims: [] })));
    await store.close();
    const db = openDatabase(`${directory}/hookyard.db`, 'reading');
    const ids = all.map(({ id }) => blob(id));
    const slices: number[] = [];
    const select = <Row>(pieces: readonly string[], values: Readonly<Record<string, Value>>) => {
      if (pieces[0] === 'events') slices.push(countWithin(ids, values));
      return db.select<Row>(pieces, values);
    };
    const found = (paging: Paging) => {
      const steps = events({ ...db, select }, { tenant: TENANT, type: 'rare', ...paging });
      for (;;) {
        const { done, value } = steps.next();
        if (done === true) return value.map(({ id }) => id);
      }
    };
    const [first, last] = [all[0]?.id ?? '', all.at(-1)?.id ?? ''];
    assert.deepEqual(found({ limit: 1, before: last }), [first]);
    assert.deepEqual(found({ limit: 1, after: first }), [last]);
    assert.deepEqual(slices, [2_001, 2_001, 497, 2_001, 2_001, 497]);
    assert.deepEqual(found({ limit: 2, after: last }), []);
    db.close();
  }));

function countWithin(ids: readonly Uint8Array[], { from, below }: Readonly<Record<string, Value>>): number {
  assert.ok(from instanceof Uint8Array && below instanceof Uint8Array);
  return ids.filter((id) => Buffer.compare(id, from) >= 0 && Buffer.compare(id, below) < 0).length;
}
