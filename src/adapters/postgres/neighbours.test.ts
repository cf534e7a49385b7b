import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { newId } from '../../../test/store-contract/samples.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.ts';
import { withoutStrayErrors } from '../../../test/support/stray-errors.ts';
import type { Id } from '../../core/ids.ts';
import { type Database, openDatabase } from './database.ts';
import { install } from './install.ts';
import { openLine } from './line.ts';
import { type Neighbourhood, neighbourhood } from './neighbours.ts';

const TTL_MS = 10_000;
/** So that nobody waits long for a server that stands still; what has to answer is asked until it does. */
const HASTY_MS = 1500;
/** The server ends what waits for a lock after two thirds of it; the last third is for a machine that stands still. */
const LOCKED_MS = 9000;
const PATIENT_MS = 60_000;
const AWAY = { code: 'STORE_UNAVAILABLE' };
const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let server: PostgresServer;
let admin: Client;

/** Says so when it was cut off by the test. */
async function connected(): Promise<Client> {
  const client = new Client({ connectionString: server.url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

before(async () => {
  server = await startPostgres('18', { tcp: true });
  admin = await connected();
});

after(async () => {
  await admin.end().catch(() => {});
  await server.stop();
});

interface Node extends Neighbourhood {
  id: Id;
  /** Messages of connections that were lost while idle. */
  lost: string[];
  attend(): ReturnType<Neighbourhood['neighbours']['attend']>;
}

function nodeOn(database: Database, answerMs: number): Node {
  const lost: string[] = [];
  const onLost = ({ message }: Error) => lost.push(message);
  const made = neighbourhood(database, { url: server.url, clockOffsetMs: () => 0, onLost, answerMs });
  const id = newId();
  return { ...made, id, lost, attend: () => made.neighbours.attend(id, TTL_MS) };
}

/** Runs `prove` with two nodes that attend; no error goes unheard. */
function withNodes(prove: (a: Node, b: Node) => Promise<void>, answerMs = PATIENT_MS): Promise<void> {
  return withoutStrayErrors(async () => {
    const database = openDatabase({ url: server.url, clockOffsetMs: () => 0, onLost: () => {}, times: PATIENT });
    await install(database, 4, { migrates: true, log: LOG });
    const [a, b] = [nodeOn(database, answerMs), nodeOn(database, answerMs)];
    try {
      await back(a);
      await back(b);
      await prove(a, b);
    } finally {
      for (const { id, neighbours } of [a, b]) await neighbours.depart(id).catch(() => {});
      await Promise.all([a.close(), b.close(), database.close()]);
    }
  });
}

/** Attends, as soon as there is a line. */
function back(node: Node) {
  return eventually('the node to be back', () => node.attend().catch(() => null));
}

/** Attends until nobody else is silent any more. */
async function hearsAll(node: Node): Promise<void> {
  await eventually('nobody to be silent', async () => {
    const attendance = await node.attend().catch(() => null);
    return attendance?.silent.length === 0 || null;
  });
}

async function takes(node: Node, shard: number, givenUp: readonly Id[] = []) {
  return node.leasing.lease(node.id, [shard], TTL_MS, { givenUp });
}

async function releases(node: Node, leases: Awaited<ReturnType<typeof takes>>): Promise<void> {
  await node.leasing.release(node.id, leases);
}

test('sessions that are ended are told once each, and their owners are soon heard again', () =>
  withNodes(async (a, b) => {
    assert.equal(await server.terminateAll('hookyard line'), 2);
    for (const node of [a, b]) await eventually('the loss', () => (node.lost.length > 0 ? true : null));
    await assert.rejects(a.attend(), AWAY);
    await back(a);
    await back(b);
    await hearsAll(a);
    await hearsAll(b);
    assert.deepEqual([a.lost.length, b.lost.length], [1, 1]);
  }));

test('a server that stands still fails an attendance in time, and is found again', () =>
  withNodes(async (a, b) => {
    server.freeze();
    try {
      await assert.rejects(a.attend(), AWAY);
      await assert.rejects(a.attend(), AWAY);
      a.neighbours.tell({ kind: 'work', shards: [1] });
    } finally {
      server.thaw();
    }
    // The connection that did not answer is not waited for: there is another now, and so there is doubt.
    await assert.rejects(a.attend(), AWAY);
    await back(a);
    await back(b);
    await hearsAll(b);
  }, HASTY_MS));

test('a restart of the server moves nothing', () =>
  withNodes(async (a, b) => {
    const leases = await takes(a, 0);
    await server.restart('immediate');
    await assert.rejects(a.attend(), AWAY);
    await back(a);
    await back(b);
    await hearsAll(b);
    assert.deepEqual(await takes(b, 0, [a.id]), []);
    const renewed = await a.leasing.renew(a.id, leases, TTL_MS);
    assert.equal(renewed.length, 1);
    await releases(a, renewed);
  }));

test('a session that holds a shard fails its renewal, but takes neither the life of the owner nor the time of others', () =>
  withNodes(async (a, b) => {
    const leases = await takes(a, 1);
    const idle = await connected();
    await idle.query('begin');
    await idle.query('select from shard where shard in (1, 3) for update');
    await assert.rejects(a.leasing.renew(a.id, leases, TTL_MS), AWAY);
    assert.deepEqual((await b.attend()).silent, []);
    const taken = await b.leasing.lease(b.id, [3, 2], TTL_MS);
    assert.deepEqual(
      taken.map(({ shard }) => shard),
      [2],
    );
    assert.deepEqual((await a.attend()).silent, []);
    await idle.query('rollback');
    assert.equal((await a.leasing.renew(a.id, leases, TTL_MS)).length, 1);
    await idle.end();
    assert.deepEqual(a.lost, []);
  }, LOCKED_MS));

test('who listens is told when the line is lost, whoever finds out, and no more once it stops', () =>
  withNodes(async (a) => {
    let lost = 0;
    const unlisten = a.neighbours.onLost(() => {
      lost += 1;
    });
    a.cut();
    await eventually('the loss to be seen', async () => (lost === 1 ? true : null));
    await back(a);
    assert.equal(lost, 1);
    unlisten();
    a.cut();
    await eventually('another loss to be seen', async () => (a.lost.length === 2 ? true : null));
    assert.equal(lost, 1);
  }));

test('a line whose beginning failed is begun again', async () => {
  let begun = 0;
  const begin = async () => {
    begun += 1;
    if (begun === 1) throw new TypeError('a bug');
  };
  const line = openLine({
    url: server.url,
    answerMs: PATIENT_MS,
    clockOffsetMs: () => 0,
    onLost: () => {},
    gone: () => {},
    begin,
    heard: () => {},
  });
  await assert.rejects(
    line.use(async () => {}),
    TypeError,
  );
  await line.use(async () => {});
  assert.equal(begun, 2);
  await line.close();
  await assert.rejects(
    line.use(async () => {}),
    AWAY,
  );
});

test('a lock that another holds for itself does not keep its owner from attending', () =>
  withNodes(async (a, b) => {
    const id = newId();
    const other = await connected();
    await other.query(`select pg_advisory_lock(${0x686b_0010}, owner_lock('${id}'))`);
    assert.ok((await a.neighbours.attend(id, TTL_MS)).present.includes(id));
    assert.deepEqual((await b.attend()).silent, []);
    await other.end();
    await eventually('the lock to be free', async () => ((await b.attend()).silent.includes(id) ? true : null));
    await a.neighbours.attend(id, TTL_MS);
    assert.deepEqual((await b.attend()).silent, []);
    await a.neighbours.depart(id);
  }));

test('what anybody else notifies is no hint', () =>
  withNodes(async (a, b) => {
    const heard: unknown[] = [];
    b.neighbours.listen((hint) => heard.push(hint));
    const { rows } = await (await reconnected()).query("select 'hookyard_' || 'shard'::regclass::oid as channel");
    const channel: unknown = rows[0]?.channel;
    await admin.query('select pg_notify($1, $2)', [channel, 'hello']);
    a.neighbours.tell({ kind: 'work', shards: [3] });
    await eventually('the hint', () => (heard.length > 0 ? true : null));
    assert.deepEqual(heard, [{ kind: 'work', shards: [3] }]);
  }));

/** The server was restarted since. */
async function reconnected(): Promise<Client> {
  admin = await connected();
  return admin;
}
