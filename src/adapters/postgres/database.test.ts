import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../../test/support/eventually.ts';
import {
  answering,
  asking,
  behindLock,
  HASTY,
  type OpenedDatabase,
  sleeping,
  underWay,
  whileLocked,
  withDatabaseOn,
} from '../../../test/support/postgres-database.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { openPostgresProxy, type PostgresProxy } from '../../../test/support/postgres-proxy.ts';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.ts';
import type { Database, DatabaseOptions, Road } from './database.ts';

const EVERY = ['append', 'settle', 'work', 'query'] as const;
const AWAY = { code: 'STORE_UNAVAILABLE' };

let server: PostgresServer;

before(async () => {
  server = await startPostgres('18', { tcp: true, settings: { max_connections: '20' } });
});

after(() => server.stop());

function withDatabase(prove: (opened: OpenedDatabase) => Promise<void>, options?: Partial<DatabaseOptions>) {
  return withDatabaseOn(server.url, prove, options);
}

/** A setting as a new session has it. */
async function settingOf(database: Database, road: Road, name: string): Promise<string> {
  const told = `do $$ begin raise exception '%', current_setting('${name}'); end $$`;
  const error: unknown = await database.use(road, (session) => session.migrate(told)).catch((thrown) => thrown);
  assert.ok(error instanceof Error);
  return error.message;
}

function withSetting(setting: string): string {
  const url = new URL(server.url);
  url.searchParams.set('options', `-c${setting}`);
  return url.href;
}

test('what is acknowledged is durable, even where the database was set to risk it (A1)', async () => {
  for (const [set, kept] of [
    ['off', 'on'],
    ['local', 'local'],
    ['on', 'on'],
    ['remote_apply', 'remote_apply'],
  ] as const) {
    await withDatabase(
      async ({ database }) => {
        for (const road of ['append', 'settle'] as const) {
          assert.equal(await settingOf(database, road, 'synchronous_commit'), kept);
        }
      },
      { url: withSetting(`synchronous_commit=${set}`) },
    );
  }
});

test('each road has its own time for a statement, and all an end for a transaction that stands still', () =>
  withDatabase(
    async ({ database }) => {
      assert.equal(await settingOf(database, 'append', 'statement_timeout'), '61s');
      assert.equal(await settingOf(database, 'query', 'statement_timeout'), '62s');
      assert.equal(await settingOf(database, 'work', 'idle_in_transaction_session_timeout'), '63s');
    },
    { times: { ...PATIENT, seekMs: 61_000, readMs: 62_000, idleInTransactionMs: 63_000 } },
  ));

test('a statement that takes too long is ended, and its connection is not used again', () =>
  withDatabase(
    async ({ database }) => {
      await assert.rejects(database.use('settle', sleeping(60)), /canceling statement due to statement timeout/);
      assert.ok(await answering(database, 'settle'));
    },
    { times: { ...PATIENT, seekMs: 600 } },
  ));

test('statements that are short but many have an end together', () =>
  withDatabase(
    async ({ database }) => {
      const slowly = database.transaction('append', async (session) => {
        for (;;) await sleeping(0.05)(session);
      });
      await assert.rejects(slowly, { ...AWAY, message: /did not answer in time/ });
    },
    { times: { ...PATIENT, seekMs: 900, graceMs: 100 } },
  ));

test('a transaction ends with the time its caller has, sooner than with that of its road', () =>
  withDatabase(async ({ database }) => {
    // Its time is not for making a connection.
    await asking(database, 'append');
    await assert.rejects(database.transaction('append', sleeping(60), 600), { ...AWAY, message: /in time/ });
  }));

test('a transaction that stands still loses its locks', () =>
  withDatabase(
    async ({ database }) => {
      const entered = Promise.withResolvers<void>();
      const leave = Promise.withResolvers<void>();
      const lock = 'select pg_advisory_xact_lock(1)';
      const still = database.transaction('append', async (session) => {
        await session.migrate(lock);
        entered.resolve();
        await leave.promise;
        await session.migrate('select 1');
      });
      const failed = assert.rejects(still, AWAY);
      await Promise.race([entered.promise, still]);
      await database.transaction('query', (session) => session.migrate(lock));
      leave.resolve();
      await failed;
    },
    // On a machine that stands still for a while, whoever comes next is not to lose its own.
    { times: { ...PATIENT, idleInTransactionMs: 3_500 } },
  ));

test('what waits for a connection of its road waits no longer than for a new one', () =>
  withDatabase(
    async ({ database }) => {
      await answering(database, 'settle');
      await whileLocked(server.url, async (release) => {
        const first = database.use('settle', behindLock);
        await assert.rejects(asking(database, 'settle'), { ...AWAY, message: /no connection.*timeout/ });
        await release();
        await first;
      });
    },
    { times: { ...PATIENT, connectMs: 900 } },
  ));

test('lists that take their time keep nobody else waiting', () =>
  withDatabase(async ({ database }) => {
    await whileLocked(server.url, async (release) => {
      const lists = Array.from({ length: 8 }, () => database.use('query', behindLock));
      await eventually('lists to be under way', async () => (await underWay(server.url)) || null);
      for (const road of ['append', 'settle', 'work'] as const) assert.ok(await asking(database, road));
      await release();
      await Promise.all(lists);
    });
  }));

test('connections that are ended while they are idle are told of, and made anew when they are needed', () =>
  withDatabase(async ({ database, lost }) => {
    for (const road of EVERY) await asking(database, road);
    await server.terminateAll('hookyard %');
    await eventually('all to be lost', () => (lost.length === EVERY.length ? lost : null));
    assert.match(lost.join(), /^(terminating connection due to administrator command,?){4}$/);
    for (const road of EVERY) assert.ok(await asking(database, road));
  }));

test('connections that are ended while they are used fail what is done, and nothing else', () =>
  withDatabase(async ({ database, lost }) => {
    const roads = ['append', 'append', 'settle', 'work', 'query'] as const;
    const works = roads.map((road) => database.transaction(road, sleeping(60)));
    const failed = Promise.allSettled(works);
    await eventually('all to be under way', async () => ((await underWay(server.url)) === works.length ? true : null));
    await server.terminateAll('hookyard %');
    for (const { status } of await failed) assert.equal(status, 'rejected');
    assert.deepEqual(lost, []);
    for (const road of roads) assert.ok(await asking(database, road));
  }));

test('a change is made again when it ran into another one, and given up when it always does', () =>
  withDatabase(async ({ database }) => {
    const colliding = (times: number) => {
      let tries = 0;
      return database.transaction('append', async (session) => {
        tries += 1;
        if (tries <= times) await session.migrate(`do $$ begin raise exception using errcode = '40001'; end $$`);
        return tries;
      });
    };
    assert.equal(await colliding(4), 5);
    await assert.rejects(colliding(5), AWAY);
  }));

test('a server that stands still is given up, with the connections that are idle, and is there again afterwards', () =>
  withDatabase(
    async ({ database, lost }) => {
      await eventually('both to be connected', async () => {
        const before = lost.length;
        for (const road of ['work', 'settle'] as const) await answering(database, road);
        return lost.length === before || null;
      });
      const before = lost.length;
      server.freeze();
      try {
        await assert.rejects(asking(database, 'settle'), { ...AWAY, message: /did not answer in time/ });
        assert.equal(lost.length, before + 1);
        const tries = EVERY.map((road) =>
          assert.rejects(asking(database, road), { ...AWAY, message: /no connection/ }),
        );
        await Promise.all(tries);
      } finally {
        server.thaw();
      }
      for (const road of EVERY) assert.ok(await answering(database, road));
    },
    { times: HASTY },
  ));

test('the end waits for what is under way', () =>
  withDatabase(async ({ database }) => {
    await whileLocked(server.url, async (release) => {
      const ends: string[] = [];
      const work = database.use('append', behindLock).then(() => ends.push('work'));
      await eventually('it to be under way', async () => ((await underWay(server.url)) === 1 ? true : null));
      const closed = database.close().then(() => ends.push('closed'));
      await assert.rejects(asking(database, 'query'), AWAY);
      await release();
      await Promise.all([work, closed]);
      assert.deepEqual(ends, ['work', 'closed']);
    });
  }));

test('the end waits for nobody who does not answer', () =>
  withProxy(async (proxy) => {
    for (const roads of [[], ['append', 'query']] as const) {
      await withDatabase(
        async ({ database }) => {
          proxy.swallow('open connections');
          for (const road of ['append', 'work'] as const) await answering(database, road);
          proxy.swallow('everything');
          const lost = Promise.all(roads.map((road) => assert.rejects(asking(database, road), AWAY)));
          await database.close();
          await lost;
        },
        { url: proxy.url, times: HASTY },
      );
    }
  }));

test('a connection that is given up leaves its place at once, even to a server that says no goodbye', () =>
  withProxy((proxy) =>
    withDatabase(
      async ({ database }) => {
        const lost = database.use('settle', async (session) => {
          await session.migrate('select 1');
          proxy.swallow('open connections');
          throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
        });
        const waiting = asking(database, 'settle');
        await assert.rejects(lost, /reset/);
        assert.ok(await waiting);
      },
      { url: proxy.url },
    ),
  ));

async function withProxy(prove: (proxy: PostgresProxy) => Promise<void>): Promise<void> {
  const proxy = await openPostgresProxy(server.url);
  try {
    await prove(proxy);
  } finally {
    await proxy.close();
  }
}

test('a connection that is lost at any moment of its making is an error of whoever waits for it', () =>
  withDatabase(async ({ database }) => {
    const storm = Array.from({ length: 40 }, async (_, n) => {
      await Promise.allSettled([asking(database, EVERY[n % EVERY.length] ?? 'work')]);
      await server.terminateAll('hookyard %').catch(() => {});
    });
    await Promise.all(storm);
    assert.ok(await asking(database, 'append'));
  }));

test('a crash drops connections as they are', () =>
  withDatabase(async ({ database }) => {
    const works = ['append', 'query'].map((road) => database.use(road as Road, sleeping(60)));
    const failed = Promise.all(works.map((work) => assert.rejects(work, AWAY)));
    await asking(database, 'work');
    await database.crash();
    await failed;
    await assert.rejects(asking(database, 'work'), { message: 'the store is closed' });
  }));
