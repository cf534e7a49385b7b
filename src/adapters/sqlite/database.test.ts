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

/** Statements that must not get slower with what they do not ask for, and the index that sees to it. */
const INDEXES: Readonly<Record<string, string>> = {
  troubled: 'USING INDEX subscription_troubled (tenant=?)',
  lane_run: 'USING PRIMARY KEY (shard=? AND subscription_id=? AND key=? AND pos>?)',
  lane_first_head: 'USING PRIMARY KEY (shard=? AND subscription_id=?)',
  lane_next_head: 'USING PRIMARY KEY (shard=? AND subscription_id=? AND key>?)',
  lane_holds: 'USING PRIMARY KEY (shard=? AND subscription_id=?)',
  due_from_start: 'USING PRIMARY KEY (shard=? AND due_ms<?)',
};

test('what is asked for often is one search of an index, and nothing is sorted', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    await store.close();
    const db = openDatabase(`${directory}/hookyard.db`, 'reading');
    for (const [name, index] of Object.entries(INDEXES)) {
      const plan = db.select<{ detail: string }>(['plan.of', name], {}).map(({ detail }) => detail);
      assert.ok(plan.length === 1 && plan[0]?.endsWith(index), `${name}: ${plan.join(', ')}`);
    }
    db.close();
  }));
