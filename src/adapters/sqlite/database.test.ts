import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import { openDatabase, sqliteStatements } from './database.ts';
import { ownMigrations } from './install.ts';

test('every statement that is not a fragment fits the schema', () => {
  const db = new DatabaseSync(':memory:');
  for (const { sql } of ownMigrations()) db.exec(sql);
  db.exec(sqliteStatements().get('make_migrations') ?? '');
  for (const [name, sql] of sqliteStatements()) {
    // Beginnings of a list are whole once they have an end.
    if (name.includes('.') || sqliteStatements().has(`${name}.newest`)) continue;
    assert.doesNotThrow(() => db.prepare(sql), name);
  }
  db.close();
});

test('the writing connection waits for the disk at every commit, and the log is checkpointed by nobody else', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    await store.close();
    const db = openDatabase(`${directory}/hookyard.db`, 'writing');
    const FULL = 2;
    assert.deepEqual({ ...db.get<object>('synchronous') }, { synchronous: FULL });
    assert.deepEqual({ ...db.get<object>('journal_mode') }, { journal_mode: 'wal' });
    assert.deepEqual({ ...db.get<object>('automatic_checkpoint') }, { wal_autocheckpoint: 0 });
    db.close();
  }));

test('the reading connection cannot write', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    await store.close();
    const db = openDatabase(`${directory}/hookyard.db`, 'reading');
    assert.throws(() => db.run('make_shard', 9), /readonly|read-only/);
    db.close();
  }));
