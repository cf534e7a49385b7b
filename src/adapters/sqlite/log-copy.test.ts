import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { anEvent, published } from '../../../test/store-contract/samples.ts';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import { createLogCopy } from './log-copy.ts';
import type { Call } from './operations.ts';

const APPEND: readonly Call[] = [['append', null, false]];
const CLAIM: readonly Call[] = [['claim', null, false]];

test('the log is copied beside the writer first, then by it, and not again before a second has passed', async () => {
  const done: string[] = [];
  const copy = createLogCopy(
    async () => done.push('beside'),
    async () => done.push('rest'),
  );
  copy.committed(CLAIM, 0);
  assert.deepEqual(done, [], 'what is only read fills no log');
  copy.committed(APPEND, 0);
  await turn();
  assert.deepEqual(done, ['beside', 'rest']);
  copy.committed(APPEND, 999);
  await turn();
  assert.equal(done.length, 2);
  copy.committed(APPEND, 1000);
  await turn();
  assert.equal(done.length, 4);
});

test('a receipt read anew and a redelivery fill the log like what came in first', async () => {
  for (const name of ['reviseReceipt', 'redeliver'] as const) {
    let copies = 0;
    const copy = createLogCopy(
      async () => {
        copies += 1;
      },
      async () => {},
    );
    copy.committed([[name, null, false]], 0);
    assert.equal(copies, 1, name);
  }
});

test('there is one copy at a time, and one that failed is followed by the next', async () => {
  const fails: (() => void)[] = [];
  const copy = createLogCopy(
    () => new Promise((_, reject) => fails.push(() => reject(new Error('the thread ended')))),
    () => assert.fail('what could not be copied has no rest'),
  );
  copy.committed(APPEND, 0);
  copy.committed(APPEND, 5000);
  assert.equal(fails.length, 1);
  fails[0]?.();
  await turn();
  copy.committed(APPEND, 5000);
  assert.equal(fails.length, 2);
});

test('while events keep coming, the log is used again instead of growing', () =>
  temporaryStore(async ({ directory, open }) => {
    const { store } = await open();
    const data = new Uint8Array(8192);
    const mostBytes = 256 * 1024 * 1024;
    const logBytes = () => statSync(`${directory}/hookyard.db-wal`).size;
    for (let before = 0, same = 0; same < 20; ) {
      await Promise.all(Array.from({ length: 8 }, () => published(store, anEvent({ data }), [])));
      const bytes = logBytes();
      assert.ok(bytes < mostBytes, 'it only grows');
      same = bytes === before ? same + 1 : 0;
      before = bytes;
    }
    await store.close();
  }));
