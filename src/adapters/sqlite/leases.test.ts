import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import { type Id, idAt } from '../../core/ids.ts';

const TTL_MS = 10_000;
const anOwner = (n: number): Id => idAt(n, new Uint8Array(16));

/** Engine time moves by this offset. */
function clock() {
  const clockOffset = new SharedArrayBuffer(8);
  const offset = new Float64Array(clockOffset);
  return {
    clockOffset,
    advance: (ms: number) => {
      offset[0] = (offset[0] ?? 0) + ms;
    },
  };
}

test('L3 a shard whose time is over is expired: another owner in this process may still be sending', async () => {
  const { clockOffset, advance } = clock();
  await temporaryStore(async ({ open }) => {
    const { store } = await open({ clockOffset });
    await store.lease(anOwner(1), [0], TTL_MS);
    advance(TTL_MS + 1);
    const [lease] = await store.lease(anOwner(2), [0], TTL_MS);
    assert.equal(lease?.taken, 'expired');
  });
});

test('L3 what a process before this one left is free at once, and unclean: that process is dead', async () => {
  await temporaryStore(async ({ open }) => {
    const { store, faults } = await open();
    await store.lease(anOwner(1), [0], TTL_MS);
    await faults.crash();
    const again = await open();
    const [lease] = await again.store.lease(anOwner(2), [0], TTL_MS);
    assert.equal(lease?.taken, 'unclean');
  });
});
