import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { anEvent } from '../../../test/store-contract/samples.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { recordedLog } from '../../../test/support/postgres-log.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import type { Store } from '../../ports.ts';
import type { Migration, MigrationKind } from '../sql/migrations.ts';
import { migrationStatus, ownMigrations, runMigrations } from './migrating.ts';
import { openPostgresStore, type PostgresOptions } from './store.ts';

const servers = testServers();
const OWN = ownMigrations();

interface Yard {
  url: string;
  log: ReturnType<typeof recordedLog>;
  /** A session beside those of the stores. */
  other: Client;
  open(options?: Partial<PostgresOptions>): Promise<Store>;
}

/** Runs `prove` on every server, in a schema of its own. */
async function yard(prove: (yard: Yard) => Promise<void>): Promise<void> {
  for (const server of servers) {
    const url = await server.schema();
    const log = recordedLog();
    const other = new Client({ connectionString: url });
    await other.connect();
    const stores: Store[] = [];
    const open = async (options: Partial<PostgresOptions> = {}) => {
      const { store } = await openPostgresStore({ url, log, shards: 1, times: PATIENT, ...options });
      stores.push(store);
      return store;
    };
    try {
      await prove({ url, log, other, open });
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await other.end();
      await server.drop(url);
    }
  }
}

/** The program's next version, with migrations behind those there are. */
function newer(...added: readonly (readonly [kind: MigrationKind, sql: string])[]): readonly Migration[] {
  const made = added.map(([kind, sql], at): Migration => {
    const version = OWN.length + 1 + at;
    return { version, name: `added-${version}`, kind, checksum: sql, sql };
  });
  return [...OWN, ...made];
}

const COLUMN = 'alter table event add column more text';

async function columns(other: Client): Promise<readonly string[]> {
  const { rows } = await other.query<{ name: string }>(
    "select attname as name from pg_attribute where attrelid = 'event'::regclass and attname like 'more%'",
  );
  return rows.map(({ name }) => name);
}

async function appends(store: Store): Promise<void> {
  const outcome = await store.append({ event: anEvent(), deliveries: [], configVersion: 0, claims: [] });
  assert.equal(outcome.kind, 'appended');
}

test('every migration says in its first line what it means for nodes that lack it', () => {
  for (const { sql } of OWN) assert.match(sql, /^-- kind: (expand|contract)\n/);
});

test('the status of a database that is empty, ready, newer or another', () =>
  yard(async ({ url, log }) => {
    const states = async (migrations = OWN) => (await migrationStatus(url, migrations)).map(({ state }) => state);
    assert.deepEqual(new Set(await states()), new Set(['pending']));
    assert.deepEqual(new Set((await runMigrations(url, log)).map(({ state }) => state)), new Set(['applied']));
    assert.equal((await states(newer(['expand', COLUMN]))).at(-1), 'pending');
    await runMigrations(url, log, newer(['expand', COLUMN]));
    assert.equal((await states()).at(-1), 'unknown');
    assert.equal((await states(newer(['expand', `${COLUMN} `]))).at(-1), 'changed');
  }));

test('a store that may not migrate is refused until somebody did', () =>
  yard(async ({ url, log, other, open }) => {
    await assert.rejects(open({ migrate: false }), { code: 'MIGRATIONS_PENDING', message: /1 \(store\)/ });
    assert.deepEqual((await other.query("select to_regclass('migration') as made")).rows, [{ made: null }]);
    await runMigrations(url, log);
    await appends(await open({ migrate: false }));
  }));

test('a node goes on while a newer one migrates, waits for a table and gets it, and can start again', () =>
  yard(async ({ url, log, other, open }) => {
    const old = await open();
    await appends(old);
    await other.query('begin');
    await other.query('select 1 from event');
    const migrated = runMigrations(url, log, newer(['expand', COLUMN]));
    await eventually('the migration to wait', () => log.fieldsOf('migration.postponed')[1] ?? null);
    await appends(old);
    await other.query('commit');
    await migrated;
    assert.deepEqual(await columns(other), ['more']);
    await appends(old);
    await appends(await open());
    assert.deepEqual((await old.events({ tenant: anEvent().tenant, limit: 10 })).length, 4);
  }));

test('beside a migration that takes away an older node does not start', () =>
  yard(async ({ url, log, open }) => {
    await runMigrations(url, log, newer(['expand', COLUMN], ['contract', 'alter table event drop column more']));
    await assert.rejects(open(), {
      code: 'MIGRATIONS_REFUSED',
      message: new RegExp(`migration ${OWN.length + 2} \\(added-${OWN.length + 2}\\).*cannot work beside`),
    });
  }));

test('newer nodes that start at once run each migration once, in order', () =>
  yard(async ({ url, log, open }) => {
    await open();
    const many = newer(...[1, 2, 3].map((n) => ['expand', `alter table event add column more${n} text`] as const));
    const statuses = await Promise.all([1, 2, 3].map(() => runMigrations(url, log, many)));
    for (const status of statuses) assert.ok(status.every(({ state }) => state === 'applied'));
    assert.deepEqual(
      log.fieldsOf('migration.applied').map(({ version }) => version),
      many.map(({ version }) => version),
    );
  }));

test('a migration whose connection is cut leaves nothing of itself, and what came before it', () =>
  yard(async ({ url, log, other, open }) => {
    await open();
    const stuck = 'create table half (x int); select pg_sleep(600)';
    const migrations = newer(['expand', COLUMN], ['expand', stuck]);
    const cut = assert.rejects(runMigrations(url, log, migrations), { code: 'STORE_UNAVAILABLE' });
    await eventually('the migration to be under way', async () => {
      const { rows } = await other.query<{ done: boolean }>(
        "select pg_terminate_backend(pid) as done from pg_stat_activity where query like '%pg_sleep(600)' and pid <> pg_backend_pid()",
      );
      return rows[0]?.done === true ? true : null;
    });
    await cut;
    assert.deepEqual(
      (await migrationStatus(url, migrations)).map(({ state }) => state),
      [...OWN.map(() => 'applied'), 'applied', 'pending'],
    );
    assert.deepEqual((await other.query("select to_regclass('half') as made")).rows, [{ made: null }]);
    const mended = newer(['expand', COLUMN], ['expand', 'create table half (x int)']);
    assert.equal((await runMigrations(url, log, mended)).at(-1)?.state, 'applied');
  }));

test('the server ends a statement of a migration when its node has given up', () =>
  yard(async ({ url, log }) => {
    const told = `do $$ begin raise exception '%', current_setting('statement_timeout'); end $$`;
    await assert.rejects(runMigrations(url, log, newer(['expand', told])), { message: '30min' });
  }));

test('where search_path leads nowhere nobody migrates, and nobody waits to', () =>
  yard(async ({ url, log }) => {
    const nowhere = new URL(url);
    nowhere.searchParams.set('options', '-csearch_path=nowhere');
    await assert.rejects(runMigrations(nowhere.href, log), { code: '3F000' });
    assert.deepEqual(log.fieldsOf('migration.waiting'), []);
  }));
