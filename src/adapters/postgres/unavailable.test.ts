import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { Client, type ClientConfig } from 'pg';
import { testOnlyKey, validCertificate } from '../../../test/support/certificates.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.ts';
import { asStoreError, isAway, isLostRace, meaningOf, SQLSTATES, SYSTEM_CODES } from './unavailable.ts';

let server: PostgresServer;

before(async () => {
  server = await startPostgres('18', { tcp: true, settings: { deadlock_timeout: '20ms' } });
  await withClient({}, (client) =>
    client.query(
      'create role limited login connection limit 0; create table t (id int primary key, n int); insert into t values (1, 0), (2, 0)',
    ),
  );
});

after(() => server.stop());

/** A session; what it loses its connection by is what `use` rejects with at its next statement. */
async function withClient<T>(config: ClientConfig, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: server.url, ...config });
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

/** What `failing` fails with. */
async function failureOf(failing: Promise<unknown>): Promise<Error> {
  const error: unknown = await failing.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error);
  return error;
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

/** Statements one after the other in one session. */
function statements(...sql: readonly string[]): () => Promise<Error> {
  return () =>
    failureOf(
      withClient({}, async (client) => {
        for (const statement of sql) await client.query(statement);
      }),
    );
}

/** A first session does something and stays while a second one goes on. */
function between(first: readonly string[], second: readonly string[], ...last: readonly string[]) {
  return () =>
    failureOf(
      withClient({}, (a) =>
        withClient({}, async (b) => {
          for (const sql of first) await a.query(sql);
          for (const sql of second) await b.query(sql);
          for (const sql of last) await a.query(sql);
        }),
      ),
    );
}

/** Both lock what the other one has; the server ends one of them. */
function deadlocked(): Promise<Error> {
  return failureOf(
    withClient({}, (a) =>
      withClient({}, async (b) => {
        for (const [client, id] of [
          [a, 1],
          [b, 2],
        ] as const) {
          await client.query('begin');
          await client.query('update t set n = n + 1 where id = $1', [id]);
        }
        await Promise.all([a.query('update t set n = 0 where id = 2'), b.query('update t set n = 0 where id = 1')]);
      }),
    ),
  );
}

/** Nothing ends a statement that has not begun. */
const isAsleep = (pid: number) => (client: Client) => eventually('a sleep', () => sleeper(client, pid));
const SLEEPER = `select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`;
const sleeper = async (client: Client, pid: number) => (await client.query(SLEEPER, [pid])).rowCount || null;

function ended(how: (pid: number) => Promise<unknown>): () => Promise<Error> {
  return () =>
    failureOf(
      withClient({}, async (client) => {
        const [{ pid } = { pid: 0 }] = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
        await Promise.all([client.query('select pg_sleep(60)'), withClient({}, isAsleep(pid)).then(() => how(pid))]);
      }),
    );
}

function connecting(config: ClientConfig): () => Promise<Error> {
  return () => failureOf(withClient(config, async () => {}));
}

/** Connecting to another user or database of the server. */
function elsewhere(change: (url: URL) => void): () => Promise<Error> {
  return () => {
    const url = new URL(server.url);
    change(url);
    return connecting({ connectionString: url.href })();
  };
}

const LOCKED = ['begin', 'lock table t'];
const ADMIN = (sql: string) => (pid: number) => withClient({}, (client) => client.query(sql, [pid]));

/** Each provoked as it comes about; `code` is PostgreSQL's. */
const REAL: readonly { code: string; means: 'away' | 'race' | 'bug'; provoke: () => Promise<Error> }[] = [
  { code: '23505', means: 'race', provoke: statements('insert into t values (1, 1)') },
  { code: '40P01', means: 'race', provoke: deadlocked },
  {
    code: '40001',
    means: 'race',
    provoke: between(
      ['begin isolation level repeatable read', 'select * from t'],
      ['update t set n = 5 where id = 1'],
      'update t set n = 6 where id = 1',
    ),
  },
  { code: '25006', means: 'away', provoke: statements('set default_transaction_read_only = on', 'update t set n = 1') },
  {
    code: '28000',
    means: 'away',
    provoke: elsewhere((url) => {
      url.username = 'nobody';
    }),
  },
  {
    code: '3D000',
    means: 'away',
    provoke: elsewhere((url) => {
      url.pathname = '/none';
    }),
  },
  {
    code: '53300',
    means: 'away',
    provoke: elsewhere((url) => {
      url.username = 'limited';
    }),
  },
  { code: '55P03', means: 'away', provoke: between(LOCKED, ['set lock_timeout = 20', 'select * from t']) },
  { code: '57014', means: 'away', provoke: between(LOCKED, ['set statement_timeout = 20', 'select * from t']) },
  { code: '57014', means: 'away', provoke: ended(ADMIN('select pg_cancel_backend($1)')) },
  { code: '57P01', means: 'away', provoke: ended(ADMIN('select pg_terminate_backend($1)')) },
  { code: '58P01', means: 'away', provoke: statements("select pg_read_file('none')") },
  { code: '25P04', means: 'away', provoke: statements('set transaction_timeout = 20', 'begin; select pg_sleep(60)') },
  {
    code: '0A000',
    means: 'away',
    provoke: () =>
      failureOf(
        withClient({}, async (client) => {
          const prepared = { name: 'prepared', text: 'select * from changing' };
          await client.query('create table changing (a int)');
          await client.query(prepared);
          await client.query('alter table changing add b int');
          await client.query(prepared);
        }),
      ),
  },
  { code: '0A000', means: 'bug', provoke: statements('select count(*) from t for update') },
  { code: '42P01', means: 'bug', provoke: statements('select * from nowhere') },
  { code: '23502', means: 'bug', provoke: statements('insert into t values (null)') },
  { code: '22012', means: 'bug', provoke: statements('select 1 / 0') },
];

for (const { code, means, provoke } of REAL) {
  test(`${code} as the server gives it is ${means}`, async () => {
    const error = await provoke();
    assert.equal(codeOf(error), code, error.message);
    assert.equal(meaningOf(error), means);
  });
}

test('every SQLSTATE of the table means what it says, whatever follows a class', async () => {
  for (const [row, means] of Object.entries(SQLSTATES)) {
    const code = row.padEnd(5, '0');
    const error = await statements(`do $$ begin raise exception 'told' using errcode = '${code}'; end $$`)();
    assert.equal(codeOf(error), code);
    assert.equal(meaningOf(error), means, code);
    assert.equal(isAway(error), means === 'away');
    assert.equal(isLostRace(error), means === 'race');
  }
});

/** A server that does with each connection what the test says. */
async function servingAs(serve: (socket: Socket) => void, prove: (config: ClientConfig) => Promise<void>) {
  const fake: Server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(fake, 'listening');
  const { port } = fake.address() as AddressInfo;
  try {
    await prove({ connectionString: '', host: '127.0.0.1', port, user: 'hookyard' });
  } finally {
    fake.close();
  }
}

const TLS = { ssl: { rejectUnauthorized: true } };

test('a host that cannot be reached, or is not PostgreSQL, is away', async () => {
  let closed: ClientConfig = {};
  await servingAs(
    (socket) => socket.resetAndDestroy(),
    async (config) => {
      closed = config;
      assert.equal(meaningOf(await connecting(config)()), 'away');
    },
  );
  const away: readonly (readonly [config: ClientConfig, code: RegExp])[] = [
    [closed, /^ECONNREFUSED$/],
    [{ ...closed, host: 'nowhere.invalid' }, /^(ENOTFOUND|EAI_AGAIN)$/],
    [{ ...closed, host: '/nowhere' }, /^ENOENT$/],
  ];
  for (const [config, code] of away) {
    const error = await connecting(config)();
    assert.match(String(codeOf(error)), code);
    assert.equal(meaningOf(error), 'away');
  }
  await servingAs(
    () => {},
    async (config) => {
      assert.equal(meaningOf(await connecting({ ...config, connectionTimeoutMillis: 20 })()), 'away');
    },
  );
});

test('TLS that is refused, or a certificate that is not believed, is away', async () => {
  assert.equal(meaningOf(await connecting({ ...TLS })()), 'away');
  await servingAs(
    (socket) => {
      socket.once('data', () => {
        socket.write('S');
        const secured = new TLSSocket(socket, { isServer: true, key: testOnlyKey, cert: validCertificate });
        secured.on('error', () => {});
      });
    },
    async (config) => {
      const error = await connecting({ ...config, ...TLS })();
      assert.equal(codeOf(error), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
      assert.equal(meaningOf(error), 'away');
    },
  );
  await servingAs(
    (socket) => {
      socket.once('data', () => {
        socket.write('S');
        socket.once('data', () => socket.end('not TLS'));
      });
    },
    async (config) => {
      const error = await connecting({ ...config, ...TLS })();
      assert.match(String(codeOf(error)), /^(EPROTO|ERR_SSL_|ECONNRESET)/);
      assert.equal(meaningOf(error), 'away');
    },
  );
});

test('each system code of the table is away, and another error is a bug', () => {
  for (const code of SYSTEM_CODES) assert.ok(isAway(Object.assign(new Error('told'), { code })), code);
  for (const bug of [
    new Error('told'),
    new TypeError('x'),
    'text',
    null,
    Object.assign(new Error('x'), { code: 'X' }),
  ]) {
    assert.equal(meaningOf(bug), 'bug');
  }
});

test('callers learn of a store that is away by its code, and why it is', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const several = Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' });
  const told = asStoreError(several);
  assert.deepEqual([told.message, codeOf(told), told.cause], [refused.message, 'STORE_UNAVAILABLE', several]);
  assert.equal(asStoreError(told), told);
  const bug = new Error('a bug');
  assert.equal(asStoreError(bug), bug);
});
