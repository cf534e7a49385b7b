import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.ts';
import { withoutStrayErrors } from '../../../test/support/stray-errors.ts';
import { type Database, openDatabase, type Session } from './database.ts';

let server: PostgresServer;

before(async () => {
  server = await startPostgres('18', { tcp: true });
});

after(() => server.stop());

/** Runs `prove` with a database that is closed afterwards, and what is lost of it while idle. */
function withDatabase(prove: (database: Database, lost: readonly Error[]) => Promise<void>): Promise<void> {
  return withoutStrayErrors(async () => {
    const lost: Error[] = [];
    const onLost = (error: Error) => void lost.push(error);
    const database = openDatabase({ url: server.url, clockOffsetMs: () => 0, onLost, times: PATIENT });
    try {
      await prove(database, lost);
    } finally {
      await database.close();
    }
  });
}

/** Tells which connection it was. */
async function backend(session: Session): Promise<number | undefined> {
  return (await session.row<{ pid: number }>('open_line'))?.pid;
}

test('work whose time went by while it waited for a connection is not begun, and the connection stays', () =>
  withDatabase(async (database) => {
    const before = await database.use('settle', backend);
    const first = database.use('settle', (session) => session.migrate('select pg_sleep(0.3)'));
    let begun = false;
    const work = async () => {
      begun = true;
    };
    const late = assert.rejects(database.transaction('settle', work, 600), {
      code: 'STORE_UNAVAILABLE',
      message: /no connection to the database in time/,
    });
    await Promise.all([first, late]);
    assert.equal(begun, false);
    assert.equal(await database.use('settle', backend), before);
  }));

test('work that takes longer than its caller may wait costs its own connection and no other', () =>
  withDatabase(async (database, lost) => {
    const idle = await database.use('work', backend);
    // Its time is not for making a connection.
    await database.use('append', backend);
    const slow = database.transaction('append', (session) => session.migrate('select pg_sleep(60)'), 1500);
    await assert.rejects(slow, { code: 'STORE_UNAVAILABLE', message: /did not answer in time/ });
    assert.deepEqual(lost, []);
    assert.equal(await database.use('work', backend), idle);
  }));
