import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from 'pg';
import {
  aClaim,
  aDelivery,
  anEvent,
  bytes,
  claimed,
  idsOf,
  laneOf,
  newId,
  publishedTo,
  subscribed,
  succeeding,
  TENANT,
  upTo,
} from '../../../test/store-contract/samples.ts';
import { type TestServer, testServers } from '../../../test/support/postgres.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { QUIET_LOG } from '../../../test/support/sqlite.ts';
import type { AppendRequest, Hold, Store, Ticket } from '../../ports/store.ts';
import { openDatabase } from './database.ts';
import { install } from './install.ts';
import { ownMigrations } from './migrating.ts';
import { openPostgresStore } from './store.ts';

/** How often two nodes are let run into each other. */
const ROUNDS = 25;
const ORDERED: Hold = { reason: 'ordered', key: 'k' };

const [first, ...others] = testServers();
assert.ok(first);
const servers: readonly TestServer[] = [first, ...others];

/** Runs `prove` with two nodes of one Hookyard, on every server. */
async function nodes(prove: (a: Store, b: Store, url: string) => Promise<void>): Promise<void> {
  for (const server of servers) {
    const url = await server.schema();
    // Both make the database ready at once.
    const opened = await Promise.all(
      [1, 2].map(() => openPostgresStore({ url, log: QUIET_LOG, shards: 1, times: PATIENT })),
    );
    const [a, b] = opened.map(({ store }) => store);
    assert.ok(a && b);
    try {
      await prove(a, b, url);
    } finally {
      await Promise.all([a.close(), b.close()]);
      await server.drop(url);
    }
  }
}

function appending(changes: Partial<AppendRequest> = {}): AppendRequest {
  const event = anEvent();
  return { event, deliveries: [aDelivery(event, newId())], configVersion: 0, claims: [], ...changes };
}

function kinds(outcomes: readonly { kind: string }[]): readonly string[] {
  return outcomes.map(({ kind }) => kind).sort();
}

test('A2 of one event appended on two nodes at once, one is the duplicate', () =>
  nodes(async (a, b) => {
    for (let round = 0; round < ROUNDS; round++) {
      const request = appending();
      assert.deepEqual(kinds(await Promise.all([a, b].map((node) => node.append(request)))), ['appended', 'duplicate']);
    }
    assert.equal((await claimed(a)).tickets.length, ROUNDS);
  }));

test('A3 of two appends under one key on two nodes at once, one is stored', () =>
  nodes(async (a, b) => {
    for (let round = 0; round < ROUNDS; round++) {
      const claims = [aClaim(`key ${round}`), aClaim(`key ${round}`, { scope: 'external' })];
      const reversed = claims.toReversed();
      const outcomes = [a.append(appending({ claims })), b.append(appending({ claims: reversed }))];
      assert.deepEqual(kinds(await Promise.all(outcomes)), ['appended', 'repeated']);
    }
    assert.equal((await claimed(b)).tickets.length, ROUNDS);
  }));

test('A5 an append on one node sees what was configured on the other', () =>
  nodes(async (a, b) => {
    await subscribed(a);
    assert.deepEqual(await b.append(appending()), { kind: 'stale', configVersion: 1 });
    assert.equal((await b.append(appending({ configVersion: 1 }))).kind, 'appended');
  }));

test('A5 changes on two nodes at once are made one after the other', () =>
  nodes(async (a, b) => {
    await Promise.all(Array.from({ length: 2 * ROUNDS }, (_, n) => subscribed(n % 2 === 0 ? a : b)));
    assert.equal(await a.configVersion(TENANT), 2 * ROUNDS);
    assert.equal((await b.configuration(TENANT)).subscriptions.length, 2 * ROUNDS);
  }));

test('A5 of two changes of one source on two nodes at once, one is the conflict', () =>
  nodes(async (a, b) => {
    const put = { kind: 'put_source', id: newId(), createdBy: null, enabled: true, urlKeyHash: null } as const;
    const putting = (node: Store, version: number | null) =>
      node.configure({ tenant: TENANT, change: { ...put, config: bytes('c'), version }, claims: [] });
    await putting(a, null);
    for (let version = 1; version <= ROUNDS; version++) {
      const outcomes = await Promise.all([putting(a, version), putting(b, version)]);
      assert.deepEqual(kinds(outcomes), ['changed', 'conflict']);
    }
  }));

test('O1 who reads a lane from where it stopped misses nothing that two nodes put into it', () =>
  nodes(async (a, b) => {
    const hook = await subscribed(a);
    const lane = { subscriptionId: hook, shard: 0, key: ORDERED.key };
    const held = async (node: Store) => publishedTo(node, hook, { hold: ORDERED });
    let left = 4 * ROUNDS;
    const writers = [a, a, b, b].map(async (node) => {
      for (let n = 0; n < ROUNDS; n++) {
        await held(node);
        left -= 1;
      }
    });
    const seen: number[] = [];
    for (let last = 0, over = false; !over; ) {
      over = left === 0;
      const { tickets } = await b.laneRun(lane, last, upTo(1000));
      for (const { place } of tickets) if (place.kind === 'lane') seen.push(place.pos);
      last = seen.at(-1) ?? 0;
    }
    await Promise.all(writers);
    assert.equal(seen.length, 4 * ROUNDS);
  }));

test('P1 a lane that something comes into while it is closed keeps its state', () =>
  nodes(async (a, b) => {
    const hook = await subscribed(a);
    for (let round = 0; round < ROUNDS; round++) {
      await a.setLane({ subscriptionId: hook, shard: 0, reason: 'circuit', probeAtMs: null });
      const [closed, ticket] = await Promise.all([
        a.closeLane(hook, 0),
        publishedTo(b, hook, { hold: { reason: 'full', key: '' } }),
      ]);
      assert.equal((await laneOf(a, hook))?.reason, closed ? 'full' : 'circuit');
      await a.settle({ settlements: [succeeding(ticket)], health: new Map() });
    }
  }));

test('S1 of one ticket settled on two nodes at once, exactly one wins', () =>
  nodes(async (a, b) => {
    const hook = await subscribed(a);
    for (let round = 0; round < ROUNDS; round++) {
      const hold = round % 2 === 0 ? null : ORDERED;
      const ticket = await publishedTo(a, hook, { hold });
      const request = { settlements: [succeeding(ticket)], health: new Map() };
      const outcomes = await Promise.all([a.settle(request), b.settle(request)]);
      assert.deepEqual(kinds(outcomes.flat()), ['lost', 'settled']);
    }
  }));

test('L1 of two nodes that ask for a shard at once, one gets it', () =>
  nodes(async (a, b) => {
    const owners = [newId(), newId()] as const;
    for (let round = 0; round < ROUNDS; round++) {
      const [byA, byB] = await Promise.all([a.lease(owners[0], [0], 60_000), b.lease(owners[1], [0], 60_000)]);
      assert.equal(byA.length + byB.length, 1);
      await a.release(owners[0], byA);
      await b.release(owners[1], byB);
    }
  }));

test('a NUL in what people name is kept', () =>
  nodes(async (a) => {
    const hook = await subscribed(a);
    const name = 'a\u0000b\u0001';
    const event = anEvent({ externalId: name, orderingKey: name, owner: name, tags: [name], headers: { 'x-a': name } });
    const deliveries = [aDelivery(event, hook, { hold: { reason: 'ordered', key: name } })];
    const request = { event, deliveries, configVersion: 1, claims: [aClaim(name)] };
    assert.equal((await a.append(request)).kind, 'appended');
    assert.deepEqual((await a.event(TENANT, event.id))?.event, event);
    const { tickets } = await a.laneRun({ subscriptionId: hook, shard: 0, key: name }, 0, upTo(1));
    assert.equal(tickets[0]?.place.kind === 'lane' && tickets[0].place.key, name);
    assert.notEqual(await a.recall(TENANT, 'POST /events', name), null);
    assert.equal(await a.recall(TENANT, 'POST /events', 'ab'), null);
  }));

test('an append that fails takes nothing of its batch with it', () =>
  nodes(async (a) => {
    const [one, last] = [appending(), appending()];
    const clash = appending({ deliveries: one.deliveries });
    const outcomes = await Promise.allSettled([one, clash, last].map((request) => a.append(request)));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal(await a.event(TENANT, clash.event.id), null);
    assert.equal((await claimed(a)).tickets.length, 2);
  }));

test('appends and settles whose connections are cut are made exactly once', () =>
  nodes(async (a, _, url) => {
    const cutter = new Client({ connectionString: url });
    await cutter.connect();
    const cut = async () => {
      const { rowCount } = await cutter.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hookyard %' and state <> 'idle'",
      );
      return rowCount ?? 0;
    };
    let cuts = 0;
    const tickets: Ticket[] = [];
    for (let wave = 0; wave < ROUNDS || cuts < 3; wave++) {
      const appends = Array.from({ length: 8 }, () => a.append(appending()));
      // The batch leaves with the next turn of the event loop.
      await new Promise((resolve) => setTimeout(resolve, wave % 3));
      cuts += await cut();
      for (const outcome of await Promise.all(appends)) {
        assert.equal(outcome.kind, 'appended');
        if (outcome.kind === 'appended') tickets.push(...outcome.tickets);
      }
    }
    assert.deepEqual([...idsOf(await claimed(a))].sort(), [...idsOf(tickets)].sort());
    const settles = tickets.map((ticket) => a.settle({ settlements: [succeeding(ticket)], health: new Map() }));
    await cut();
    assert.deepEqual(new Set((await Promise.all(settles)).flat().map(({ kind }) => kind)), new Set(['settled']));
    await cutter.end();
  }));

test('a database that is not there is told as one that is away', async () => {
  const url = 'postgres://nobody@localhost:1/none?host=%2Fnonexistent';
  await assert.rejects(openPostgresStore({ url, log: QUIET_LOG, times: PATIENT }), { code: 'STORE_UNAVAILABLE' });
});

test('a closed store accepts nothing', () =>
  nodes(async (a) => {
    await a.close();
    await assert.rejects(a.append(appending()), { code: 'STORE_UNAVAILABLE' });
    await assert.rejects(a.pulse(), /closed/);
  }));

test('the number of shards is fixed at install, and is 256 unless told otherwise', async () => {
  const url = await first.schema();
  const opened = await openPostgresStore({ url, log: QUIET_LOG, times: PATIENT });
  await opened.store.close();
  const again = await openPostgresStore({ url, log: QUIET_LOG, shards: 8, times: PATIENT });
  assert.equal(again.store.shards, 256);
  await again.store.close();
  await first.drop(url);
});

test('a migration changed after it ran is a clear error', async () => {
  const url = await first.schema();
  const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {}, times: PATIENT });
  after(() => first.drop(url));
  await install(database, 1);
  const changed = ownMigrations().map((migration) => ({ ...migration, checksum: 'another' }));
  await assert.rejects(install(database, 1, { migrations: changed }), /migration 1 \(store\) was changed/);
  await database.close();
});
