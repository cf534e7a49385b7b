/** A store on a PostgreSQL that fails in each way that can be made to happen. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import type { Times } from '../../src/adapters/postgres/roads.ts';
import { openPostgresStore } from '../../src/adapters/postgres/store.ts';
import { isStoreAway } from '../../src/core/store-away.ts';
import type { Settlement, Store, Ticket } from '../../src/ports.ts';
import {
  aDelivery,
  anEvent,
  bytes,
  claimed,
  idsOf,
  newId,
  only,
  succeeding,
  TENANT,
} from '../store-contract/samples.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENT } from '../support/postgres-patience.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { QUIET_LOG } from '../support/sqlite.ts';
import { withoutStrayErrors } from '../support/stray-errors.ts';
import { startLoad } from './database-load.ts';

const AWAY = { code: 'STORE_UNAVAILABLE' };
/** Short, so that nobody waits for what is away. What is there is asked until it answers: a machine may stand still. */
const HASTY: Partial<Times> = { connectMs: 1_200, seekMs: 600, readMs: 1_500, graceMs: 400, operationMs: 2_500 };
const MAX_CONNECTIONS = 30;

let server: PostgresServer;
let made = 0;

before(async () => {
  server = await startPostgres('18', {
    tcp: true,
    settings: { synchronous_commit: 'on', max_connections: String(MAX_CONNECTIONS) },
  });
});

after(() => server.stop());

/** Runs `prove` with a fresh store; whatever happens, no error is left uncaught. */
function withStore(prove: (store: Store, url: string) => Promise<void>, times?: Partial<Times>): Promise<void> {
  return withoutStrayErrors(async () => {
    made += 1;
    await asAdmin(`create schema faults_${made}`);
    const url = new URL(server.url);
    url.searchParams.set('options', `-csearch_path=faults_${made}`);
    const options = { url: url.href, log: QUIET_LOG, shards: 1, ...(times === undefined ? {} : { times }) };
    const { store } = await openPostgresStore(options);
    try {
      await prove(store, url.href);
    } finally {
      await store.close();
    }
  });
}

async function connected(url = server.url): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function asAdmin(...statements: readonly string[]): Promise<void> {
  const admin = await connected();
  for (const sql of statements) await admin.query(sql);
  await admin.end();
}

async function processesOf(application: string): Promise<readonly number[]> {
  const admin = await connected();
  const asked = 'select pid from pg_stat_activity where application_name = $1';
  const { rows } = await admin.query<{ pid: number }>(asked, [application]);
  await admin.end();
  return rows.map(({ pid }) => pid);
}

/** Runs `prove` while another session stands still in a transaction that has run `sql`. */
async function whileIdleIn(url: string, sql: string, prove: () => Promise<void>): Promise<void> {
  const other = await connected(url);
  await other.query('begin');
  const { rows } = await other.query(sql);
  assert.ok(rows.length > 0, 'the session has locked something');
  try {
    await prove();
  } finally {
    await other.end();
  }
}

function putting(store: Store) {
  const change = { kind: 'put_subscription', id: newId(), config: bytes('c'), createdBy: null, version: null } as const;
  return store.configure({ tenant: TENANT, change, claims: [] });
}

async function settling(store: Store, settlement: Settlement) {
  return only(await store.settle({ settlements: [settlement], health: new Map() }));
}

/** Asks until the store is there; whatever it answers then counts. */
function going<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  return eventually('the store to be there', (saw) =>
    ask().catch((error: unknown) => {
      if (!isStoreAway(error)) throw error;
      saw(error.message);
      return null;
    }),
  );
}

function anAppend() {
  const event = anEvent();
  return { event, deliveries: [aDelivery(event, newId())], configVersion: 0, claims: [] };
}

/** An event is stored once however often that is asked for. */
async function published(store: Store): Promise<Ticket> {
  const request = anAppend();
  const outcome = await going(() => store.append(request));
  if (outcome.kind === 'appended') return only(outcome.tickets);
  assert.equal(outcome.kind, 'duplicate');
  const { tickets } = await going(() => claimed(store));
  return only(tickets.filter(({ eventId }) => eventId === request.event.id));
}

/** The very same settlement may be asked for again: the store knows those of which nobody was told the outcome. */
async function settled(store: Store, settlement: Settlement): Promise<void> {
  assert.equal((await going(() => settling(store, settlement))).kind, 'settled');
}

async function put(store: Store): Promise<void> {
  assert.equal((await going(() => putting(store))).kind, 'changed');
}

test('restarted again and again under load, it has every acknowledged event and settles every try once', () =>
  withStore(async (store, url) => {
    const load = startLoad(store);
    for (let restart = 0; restart < 3; restart++) {
      await load.more(50);
      await server.restart('immediate');
    }
    await load.more(50);
    await server.kill();
    await eventually('an append to be refused', () => (load.refused() > 0 ? true : null));
    await server.start();
    await load.more(50);
    await load.finish(url);
  }));

test('with its sessions ended again and again under load, it has every event and settles every try once', () =>
  withStore(async (store, url) => {
    const load = startLoad(store);
    for (let storm = 0; storm < 12; storm++) {
      await load.more(10);
      await server.terminateAll('hookyard %');
    }
    await load.more(50);
    await load.finish(url);
  }));

test('while it stands still everything is refused in bounds, and everything goes on afterwards', () =>
  withStore(async (store) => {
    const ticket = await published(store);
    const settlement = succeeding(ticket);
    server.freeze();
    try {
      await assert.rejects(store.append(anAppend()), AWAY);
      await Promise.all([
        assert.rejects(settling(store, settlement), AWAY),
        assert.rejects(claimed(store), AWAY),
        assert.rejects(store.pulse(), AWAY),
        assert.rejects(store.deliveries({ tenant: TENANT, limit: 1 }), AWAY),
        assert.rejects(putting(store), AWAY),
      ]);
    } finally {
      server.thaw();
    }
    await settled(store, settlement);
    await published(store);
    const deliveries = await going(() => store.deliveries({ tenant: TENANT, limit: 10 }));
    assert.equal(deliveries.length, 2);
  }, HASTY));

test('while it may only be read it is read, and what is written is refused', () =>
  withStore(async (store) => {
    const ticket = await published(store);
    const settlement = succeeding(ticket);
    const [appending] = await processesOf('hookyard append');
    assert.ok(appending);
    await asAdmin('alter system set default_transaction_read_only = on', 'select pg_reload_conf()');
    try {
      await eventually('writing to be refused', () =>
        store.append(anAppend()).then(
          () => null,
          () => true,
        ),
      );
      // The next connection may lead to the new primary.
      await eventually('the connection to be given up', async () => {
        return !(await processesOf('hookyard append')).includes(appending) || null;
      });
      await assert.rejects(settling(store, settlement), AWAY);
      await assert.rejects(putting(store), AWAY);
      assert.deepEqual(idsOf(await going(() => claimed(store))).at(0), ticket.deliveryId);
      assert.ok((await going(() => store.deliveries({ tenant: TENANT, limit: 10 }))).length > 0);
      assert.ok((await going(() => store.pulse())).nowMs > 0);
    } finally {
      await asAdmin(
        'set default_transaction_read_only = off',
        'alter system reset default_transaction_read_only',
        'select pg_reload_conf()',
      );
    }
    await settled(store, settlement);
    await published(store);
    await put(store);
  }, HASTY));

test('while others have all its connections what needs a new one is refused, and the rest goes on', () =>
  withStore(async (store) => {
    const ticket = await published(store);
    const settlement = succeeding(ticket);
    const others: Client[] = [];
    await eventually('the last connection to be taken', () =>
      connected().then(
        (client) => {
          others.push(client);
          return null;
        },
        () => true,
      ),
    );
    try {
      await assert.rejects(settling(store, settlement), AWAY);
      await published(store);
    } finally {
      await Promise.all(others.map((client) => client.end()));
    }
    await settled(store, settlement);
  }, PATIENT));

test('behind a session that stands still with the lock of a tenant, changes are refused and events go on', () =>
  withStore(async (store, url) => {
    const lock = `select pg_advisory_xact_lock(${0x686b_0002}, hashtext('${TENANT}'))`;
    await whileIdleIn(url, lock, async () => {
      await assert.rejects(putting(store), AWAY);
      await settled(store, succeeding(await published(store)));
    });
    await put(store);
  }, HASTY));

test('behind one with the lock of a shard of lanes, what is held there is refused and the rest goes on', () =>
  withStore(async (store, url) => {
    const hold = { reason: 'ordered', key: 'k' } as const;
    const event = anEvent();
    const request = { event, deliveries: [aDelivery(event, newId(), { hold })], configVersion: 0, claims: [] };
    await whileIdleIn(url, `select pg_advisory_xact_lock(${0x686b_0004}, 0)`, async () => {
      await assert.rejects(store.append(request), AWAY);
      await settled(store, succeeding(await published(store)));
    });
    assert.match((await going(() => store.append(request))).kind, /^(appended|duplicate)$/);
  }, HASTY));

test('behind one with the row of a ticket, its settle is refused and then made', () =>
  withStore(async (store, url) => {
    const ticket = await published(store);
    const settlement = succeeding(ticket);
    await whileIdleIn(url, 'select * from due for update', async () => {
      await assert.rejects(settling(store, settlement), AWAY);
      await published(store);
      assert.equal((await going(() => claimed(store))).tickets.length, 2);
    });
    await settled(store, settlement);
  }, HASTY));
