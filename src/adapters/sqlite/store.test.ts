import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  aDelivery,
  anEvent,
  aReceipt,
  claimed,
  idsOf,
  newId,
  recording,
  TENANT,
} from '../../../test/store-contract/samples.ts';
import { QUIET_LOG, temporaryStore } from '../../../test/support/sqlite.ts';
import type { AppendRequest } from '../../ports/store.ts';
import { openDatabase } from './database.ts';
import { install, ownMigrations } from './install.ts';
import { openSqliteStore } from './store.ts';

function appending(): AppendRequest {
  const event = anEvent();
  return { event, deliveries: [aDelivery(event, newId())], configVersion: 0, claims: [] };
}

test('appends whose writer dies are made again by id, each exactly once', () =>
  temporaryStore(async ({ open }) => {
    const { store, faults } = await open();
    const requests = Array.from({ length: 50 }, appending);
    const appends = requests.map((request) => store.append(request));
    // The batch leaves in a microtask: the writer dies before it, in it or after it.
    await Promise.resolve();
    await faults.killWriter();
    const outcomes = await Promise.all(appends);
    const ids = outcomes.flatMap((outcome) => (outcome.kind === 'appended' ? idsOf(outcome.tickets) : []));
    const wanted = requests.flatMap(({ deliveries }) => deliveries.map(({ deliveryId }) => deliveryId));
    assert.deepEqual(ids, wanted);
    assert.deepEqual([...idsOf(await claimed(store))].sort(), wanted.sort());
    await store.close();
  }));

test('a large receipt whose writer dies is recorded all the same, with the whole of its body', () =>
  temporaryStore(async ({ open }) => {
    const { store, faults } = await open();
    const body = new Uint8Array(300_000).fill(7);
    const receipt = aReceipt(newId(), { body });
    const recorded = store.recordReceipt(recording(receipt));
    // The first call of a batch is sent by the end of this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    await faults.killWriter();
    assert.equal((await recorded).kind, 'recorded');
    assert.deepEqual([body.length, (await store.receipt(TENANT, receipt.id))?.receipt.body], [300_000, body]);
    await store.close();
  }));

test('an operation that fails takes nothing of its batch with it', () =>
  temporaryStore(async ({ open }) => {
    const { store } = await open();
    const [first, last] = [appending(), appending()];
    const clash = { ...appending(), deliveries: first.deliveries };
    const outcomes = await Promise.allSettled([first, clash, last].map((request) => store.append(request)));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal(await store.event(TENANT, clash.event.id), null);
    assert.equal((await claimed(store)).tickets.length, 2);
    await store.close();
  }));

test('three deaths in a minute are fatal, and nothing is accepted after them', () =>
  temporaryStore(async ({ open }) => {
    const fatal: string[] = [];
    const { store, faults } = await open({ onFatal: (error) => fatal.push(error.message) });
    for (let death = 0; death < 3; death++) {
      assert.equal(fatal.length, 0);
      await store.pulse();
      await faults.killReader();
    }
    assert.equal(fatal.length, 1);
    await assert.rejects(store.append(appending()), /closed/);
    await assert.rejects(store.pulse(), /closed/);
    await store.close();
  }));

test('queries under way when their thread dies are rejected, later ones are answered', () =>
  temporaryStore(async ({ open }) => {
    const { store, faults } = await open();
    const asked = assert.rejects(store.pulse());
    await faults.killReader();
    await asked;
    assert.equal((await store.pulse()).oldestDueMs, null);
    await store.close();
  }));

test('the files of a store are readable by their user alone', () =>
  temporaryStore(async ({ directory: parent, open }) => {
    const directory = join(parent, 'data');
    const { store } = await open({ directory });
    await store.append(appending());
    const names = readdirSync(directory);
    for (const name of ['hookyard.db', 'hookyard.db-wal', 'hookyard.lock']) assert.ok(names.includes(name), name);
    for (const name of names) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    await store.close();
  }));

test('a migration changed after it ran is a clear error, and leaves the lock free', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    await store.close();
    const changed = ownMigrations().map((migration) => ({ ...migration, checksum: 'another' }));
    assert.throws(() => install(join(directory, 'hookyard.db'), 1, changed), /migration 1 \(store\) was changed/);
    const again = await open();
    await again.store.close();
  }));

test('a store that cannot be opened leaves the lock free', () =>
  temporaryStore(async ({ directory }) => {
    const db = openDatabase(join(directory, 'hookyard.db'), 'writing');
    db.execute('make_migrations');
    db.run('note_migration', 99, 'future', 'x');
    db.close();
    const opening = () => openSqliteStore({ directory, log: QUIET_LOG });
    await assert.rejects(opening(), /migration 99 \(future\)/);
    await assert.rejects(opening(), /migration 99 \(future\)/);
  }));

test('the number of shards is fixed at install', () =>
  temporaryStore(async ({ open }) => {
    const first = await open({ shards: 4 });
    await first.store.close();
    const second = await open({ shards: 8 });
    assert.equal(second.store.shards, 4);
    await second.store.close();
  }));

test('a lease that was not released makes the next opening unclean, and is free at once', () =>
  temporaryStore(async ({ open }) => {
    const first = await open();
    assert.equal(first.unclean, false);
    await first.store.lease(newId(), [0], 3_600_000);
    await first.faults.crash();
    const second = await open();
    assert.equal(second.unclean, true);
    const owner = newId();
    const leases = await second.store.lease(owner, [0], 3_600_000);
    assert.equal(leases[0]?.taken, 'unclean');
    await second.store.release(owner, leases);
    await second.store.close();
    const third = await open();
    assert.equal(third.unclean, false);
    await third.store.close();
  }));
