import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Client } from 'pg';
import { eventually } from '../../../test/support/eventually.ts';
import { testServers } from '../../../test/support/postgres.ts';
import type { Clock, Log } from '../../ports.ts';
import { openPostgres, unfit } from './opening.ts';

const [server] = testServers();
assert.ok(server);

/** A clock on which a pause is over at once. */
function hastyClock(): Pick<Clock, 'monotonicMs' | 'after'> & { pauses: number } {
  let nowMs = 0;
  return {
    pauses: 0,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      nowMs += delayMs;
      this.pauses += 1;
      setImmediate(run);
      return () => {};
    },
  };
}

function recordingLog() {
  const lines: { level: string; event: string; fields: unknown }[] = [];
  const at = (level: string) => (event: string, fields?: unknown) => void lines.push({ level, event, fields });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, lines };
}

function attempt(url: string) {
  const { log, lines } = recordingLog();
  const clock = hastyClock();
  return { lines, clock, outcome: openPostgres({ url, log, clock }) };
}

/** A port of this machine where `answer` is all that is said. */
async function port(context: TestContext, answer: (socket: Socket) => void): Promise<number> {
  const listening = createServer((socket) => {
    socket.on('error', () => {});
    answer(socket);
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  context.after(() => listening.close());
  return (listening.address() as AddressInfo).port;
}

test('a store opens, and says which keys it was sealed with to all who ask', async () => {
  const url = await server.schema();
  const opened = await Promise.all([1, 2].map(() => attempt(url).outcome));
  const [a, b] = opened.map((one) => (one.kind === 'opened' ? one : assert.fail(JSON.stringify(one))));
  assert.ok(a && b);
  assert.deepEqual(await b.sealingKeys.known(), []);
  const first = [['a1'], ['b1']] as const;
  const told = await Promise.all([a.sealingKeys.note('a1', first[0]), b.sealingKeys.note('b1', first[1])]);
  // Of two that begin at once the second is told of the first, and is not noted.
  const [winner] = await a.sealingKeys.known();
  assert.deepEqual([...told].sort(), [[], [winner]]);
  assert.deepEqual(await a.sealingKeys.note('c1', ['c1', `${winner}`]), [winner]);
  assert.deepEqual(await b.sealingKeys.known(), [winner, 'c1']);
  assert.deepEqual(await b.sealingKeys.note('c1', ['c1']), [winner, 'c1']);
  await Promise.all([a.store.close(), b.store.close()]);
  await server.drop(url);
});

test('who notes a key while another one does waits for it, and is told of it', async () => {
  const url = await server.schema();
  const opened = await attempt(url).outcome;
  assert.ok(opened.kind === 'opened', JSON.stringify(opened));
  const other = new Client({ connectionString: url });
  await other.connect();
  await other.query("begin; insert into sealing_key (id, noted_ms) values ('a1', 0)");
  let told: readonly string[] | null = null;
  const noting = opened.sealingKeys.note('b1', ['b1']).then((known) => {
    told = known;
  });
  await eventually('the end of noting, or its waiting', async () => {
    const { rows } = await other.query("select from pg_locks where relation = 'sealing_key'::regclass and not granted");
    return told !== null || rows.length > 0 || null;
  });
  await other.query('commit');
  await noting;
  assert.deepEqual(told, ['a1']);
  assert.deepEqual(await opened.sealingKeys.known(), ['a1']);
  await other.end();
  await opened.store.close();
  await server.drop(url);
});

test('what no second try changes is refused at once, with host and database and without user and password', async (context) => {
  const url = await server.schema();
  const changed = (change: (url: URL) => void) => {
    const copy = new URL(url);
    change(copy);
    return copy.href;
  };
  const passwordAsked = await port(context, (socket) => {
    socket.once('data', () => {
      socket.write('R\0\0\0\u0017\0\0\0\nSCRAM-SHA-256\0\0', 'latin1');
      socket.once('data', () => socket.write('R\0\0\0\u000b\0\0\0\u000br=x', 'latin1'));
    });
  });
  const withoutTls = await port(context, (socket) => void socket.once('data', () => socket.write('N')));
  const cases: readonly (readonly [url: string, reason: RegExp, remedy: RegExp])[] = [
    ['postgres://my-user:my-secret@h', /names no database/, /postgres:\/\/user/],
    ['postgres://my-user:my-secret@h/d?port=abc', /names a port that is none/, /postgres:\/\/user/],
    ['postgres://my-user:my-secret@h/d?sslrootcert=/nowhere/ca.pem', /h\/d cannot be read: ENOENT/, /sslrootcert/],
    ['postgres://my-user:my-secret@h/d?sslkey=/', /h\/d cannot be read: EISDIR/, /sslkey/],
    [changed((u) => (u.pathname = '/nowhere')), /\/nowhere has no such database \(3D000\)/, /Create it/],
    [changed((u) => (u.username = 'my-user')), /lets this user or host not in \(28000\)/, /pg_hba/],
    [
      changed((u) => u.searchParams.set('options', '-csearch_path=none')),
      /has no schema to make tables in/,
      /search_path/,
    ],
    [`postgres://my-user@127.0.0.1:${passwordAsked}/d`, /127\.0\.0\.1\/d asks for a password/, /user and password/],
    [`postgres://my-user:my-secret@127.0.0.1:${withoutTls}/d?sslmode=verify-full`, /over TLS/, /sslmode/],
  ];
  for (const [wrong, reason, remedy] of cases) {
    const { outcome, clock } = attempt(wrong);
    const refused = await outcome;
    assert.ok(refused.kind === 'refused', JSON.stringify([wrong, refused]));
    assert.match(refused.reason, reason);
    assert.match(refused.remedy, remedy);
    assert.doesNotMatch(refused.reason + refused.remedy, /my-user|my-secret/);
    assert.equal(clock.pauses, 0);
  }
  await server.drop(url);
});

test('a server that is too old, or keeps text as something else, is refused', () => {
  const fit = { version: 150_000, shown: '15.0', encoding: 'UTF8', schema: 'public' };
  assert.equal(unfit(fit, 'h/d'), null);
  assert.match(unfit({ ...fit, version: 140_012, shown: '14.12' }, 'h/d')?.reason ?? '', /h\/d is version 14\.12/);
  assert.match(unfit({ ...fit, encoding: 'SQL_ASCII' }, 'h/d')?.reason ?? '', /SQL_ASCII/);
});

test('a database that is away is waited for, for half a minute, and each try is logged', async (context) => {
  const closing = await port(context, (socket) => socket.destroy());
  const { outcome, lines, clock } = attempt(`postgres://u:my-secret@127.0.0.1:${closing}/d`);
  const away = await outcome;
  assert.ok(away.kind === 'away', JSON.stringify(away));
  assert.match(away.reason, /PostgreSQL at 127\.0\.0\.1\/d cannot be reached: ./);
  assert.ok(clock.monotonicMs() >= 30_000 && clock.monotonicMs() < 33_000);
  assert.equal(lines.length, clock.pauses);
  assert.ok(lines.every(({ event, level }) => event === 'store.waiting' && level === 'warn'));
  assert.doesNotMatch(JSON.stringify([away, lines]), /my-secret/);
});

test('a socket that is not there is waited for, as a server that starts makes it', async () => {
  const { outcome, clock } = attempt('postgres://u@/d?host=/nowhere');
  const away = await outcome;
  assert.ok(away.kind === 'away', JSON.stringify(away));
  assert.match(away.reason, /ENOENT/);
  assert.ok(clock.pauses > 0);
});

test('a database that comes back while it is waited for is opened', async (context) => {
  const url = new URL(await server.schema());
  const socketFile = url.searchParams.get('host');
  const to = () =>
    socketFile === null
      ? connect(Number(url.port === '' ? 5432 : url.port), url.hostname)
      : connect(`${socketFile}/.s.PGSQL.${url.port}`);
  let refusals = 3;
  const proxied = await port(context, (socket) => {
    if (refusals-- > 0) {
      socket.destroy();
      return;
    }
    const behind = to();
    behind.on('error', () => socket.destroy());
    socket.pipe(behind).pipe(socket);
  });
  const through = new URL(url);
  through.searchParams.delete('host');
  through.hostname = '127.0.0.1';
  through.port = `${proxied}`;
  const { outcome, clock } = attempt(through.href);
  const opened = await outcome;
  assert.ok(opened.kind === 'opened', JSON.stringify(opened));
  assert.equal(clock.pauses, 3);
  await opened.store.close();
  await server.drop(url.href);
});
