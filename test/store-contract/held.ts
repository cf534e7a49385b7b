import assert from 'node:assert/strict';
import { type Id, shardOf } from '../../src/core/ids.ts';
import type { ConfigChange, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { revising } from './revisions.ts';
import {
  aClaim,
  aReceipt,
  BASE_MS,
  bytes,
  FACT,
  newId,
  OTHER_TENANT,
  only,
  recording,
  sha256,
  TENANT,
} from './samples.ts';

/** What a paused source holds, and the task that works through it. */
export function held(sentence: Sentence): void {
  holding(sentence);
  deleting(sentence);
  limits(sentence);
  releasing(sentence);
}

/** Receipts that a source holds, one a second, with bodies of a kilobyte. */
async function holds(store: Store, source: Id, count: number) {
  const receipts = Array.from({ length: count }, (_, n) =>
    aReceipt(source, { outcome: 'held', receivedAtMs: BASE_MS + n * 1_000, body: new Uint8Array(1_024).fill(n) }),
  );
  for (const receipt of receipts) await store.recordReceipt(recording(receipt));
  return receipts;
}

async function heldBy(store: Store, source: Id, limits: { receipts?: number; bytes?: number } = {}) {
  const found = await store.heldReceipts(source, { receipts: 100, bytes: 1e9, ...limits });
  return found.map(({ receipt }) => receipt.id);
}

function holding(sentence: Sentence): void {
  sentence('T1 a source holds what came while it was paused, whole, oldest first', async (under) => {
    const source = newId();
    const body = new Uint8Array(100_000).fill(0xc3);
    const late = aReceipt(source, { outcome: 'held', receivedAtMs: BASE_MS + 9, body, remoteAddress: '192.0.2.7' });
    const early = aReceipt(source, { outcome: 'held', receivedAtMs: BASE_MS + 3 });
    const twin = aReceipt(source, { outcome: 'held', receivedAtMs: BASE_MS + 3 });
    for (const receipt of [late, early, twin]) {
      await under.store.recordReceipt(recording(receipt, { facts: [FACT] }));
    }
    await under.crash();
    const found = await under.store.heldReceipts(source, { receipts: 10, bytes: 1e9 });
    assert.deepEqual(
      found,
      [early, twin, late].map((receipt) => ({ receipt, facts: [FACT], eventIds: [] })),
    );
    assert.deepEqual(await heldBy(under.store, source, { receipts: 2 }), [early.id, twin.id]);
  });

  sentence('T1 a source holds nothing of others, and nothing that was worked through', async (under) => {
    const source = newId();
    const outcomes = ['processed', 'ignored', 'rejected', 'handshake'] as const;
    for (const outcome of outcomes) await under.store.recordReceipt(recording(aReceipt(source, { outcome })));
    await holds(under.store, newId(), 1);
    assert.deepEqual(await heldBy(under.store, source), []);
    const [own] = await holds(under.store, source, 1);
    assert.deepEqual(await heldBy(under.store, source), [own?.id]);
  });

  sentence('T1 what a source held stays when the source is deleted', async (under) => {
    const source = newId();
    await configured(under.store, putting(source, null));
    const receipt = aReceipt(source, { outcome: 'held' });
    await under.store.recordReceipt(recording(receipt, { configVersion: 1 }));
    await configured(under.store, { kind: 'delete_source', id: source });
    assert.deepEqual(await heldBy(under.store, source), [receipt.id]);
    const listed = await under.store.receipts({ tenant: TENANT, sourceId: source, outcome: 'held', limit: 10 });
    assert.deepEqual(only(listed).receipt, receipt);
  });
}

function deleting(sentence: Sentence): void {
  sentence('A5 a source is not deleted unless it holds nothing, where that is asked for', async (under) => {
    const [source, other] = [newId(), newId()];
    await configured(under.store, putting(source, null));
    await holds(under.store, other, 1);
    const receipts = await Promise.all(
      [1, 2].map(async (n) => {
        const receipt = aReceipt(source, { outcome: 'held', receivedAtMs: BASE_MS + n });
        await under.store.recordReceipt(recording(receipt, { configVersion: 1 }));
        return receipt;
      }),
    );
    const deletion = { kind: 'delete_source', id: source, unlessHolding: true } as const;
    assert.deepEqual(await configured(under.store, deletion), { kind: 'holding', count: 2 });
    assert.equal((await configured(under.store, { ...deletion, version: 7 })).kind, 'conflict');
    assert.equal((await configured(under.store, deletion, OTHER_TENANT)).kind, 'missing');
    assert.equal((await under.store.configuration(TENANT)).version, 1);
    for (const receipt of receipts) await under.store.reviseReceipt(revising(receipt, { configVersion: 1 }));
    assert.equal((await configured(under.store, deletion)).kind, 'changed');
  });
}

function limits(sentence: Sentence): void {
  sentence('T1 of what is held as much is read as fits, and at least one', async (under) => {
    const source = newId();
    const ids = (await holds(under.store, source, 5)).map(({ id }) => id);
    const cases: readonly (readonly [{ receipts?: number; bytes?: number }, number])[] = [
      [{}, 5],
      [{ receipts: 2 }, 2],
      [{ bytes: 3 * 1_024 }, 3],
      [{ bytes: 3 * 1_024 - 1 }, 2],
      [{ bytes: 3 * 1_024, receipts: 1 }, 1],
      [{ bytes: 5 }, 1],
      [{ bytes: 0 }, 1],
    ];
    for (const [within, count] of cases) {
      assert.deepEqual(await heldBy(under.store, source, within), ids.slice(0, count), JSON.stringify(within));
    }
  });

  sentence('T1 nothing behind what does not fit is read, be it ever so small', async (under) => {
    const source = newId();
    const weights = [10, 2_000, 0];
    const receipts = weights.map((weight, n) =>
      aReceipt(source, { outcome: 'held', receivedAtMs: BASE_MS + n, body: new Uint8Array(weight) }),
    );
    for (const receipt of receipts) await under.store.recordReceipt(recording(receipt));
    assert.deepEqual(await heldBy(under.store, source, { bytes: 100 }), [receipts[0]?.id]);
  });
}

function putting(id: Id, version: number | null, releaseTaskId?: Id): ConfigChange {
  const put = { kind: 'put_source', id, config: bytes('c'), createdBy: null, enabled: true } as const;
  const release = releaseTaskId === undefined ? {} : { releaseTaskId };
  return { ...put, urlKeyHash: sha256(id), version, ...release };
}

function configured(store: Store, change: ConfigChange, tenant: Id = TENANT) {
  return store.configure({ tenant, change, claims: [] });
}

const SHARDS = 4;

function releasing(sentence: Sentence): void {
  const everyShard = (store: Store) => store.claimTasks([0, 1, 2, 3], 10);

  sentence(
    'A5 a source that goes on leaves a release task on its shard, made with the change',
    async (under) => {
      for (let n = 0; n < SHARDS; n++) {
        const [source, taskId] = [newId(), newId()];
        await configured(under.store, putting(source, null));
        assert.deepEqual(await everyShard(under.store), []);
        await configured(under.store, putting(source, 1, taskId));
        await under.crash();
        const task = only(await everyShard(under.store));
        const { id, kind, ref, n: tries, tenant, shard } = task;
        assert.deepEqual(
          [id, kind, ref, tries, tenant, shard],
          [taskId, 'release', source, 0, TENANT, shardOf(source, SHARDS)],
        );
        await under.store.settleTask({ task, next: { kind: 'done' }, deliveries: [] });
      }
    },
    { shards: SHARDS },
  );

  sentence('A5 a change that is refused makes no release task', async (under) => {
    const source = newId();
    await configured(under.store, putting(source, null));
    assert.equal((await configured(under.store, putting(source, 7, newId()))).kind, 'conflict');
    assert.equal((await configured(under.store, putting(source, 1, newId()), OTHER_TENANT)).kind, 'missing');
    const claims = [aClaim('k')];
    await under.store.remember(TENANT, only(claims));
    const repeated = await under.store.configure({ tenant: TENANT, change: putting(source, 1, newId()), claims });
    assert.equal(repeated.kind, 'repeated');
    assert.deepEqual(await under.store.claimTasks([0], 10), []);
  });

  sentence('A5 a source with an open release task can be deleted, and the task ends by itself', async (under) => {
    const source = newId();
    await configured(under.store, putting(source, null));
    await configured(under.store, putting(source, 1, newId()));
    assert.equal((await configured(under.store, { kind: 'delete_source', id: source })).kind, 'changed');
    const task = only(await under.store.claimTasks([0], 10));
    assert.deepEqual(await under.store.settleTask({ task, next: { kind: 'done' }, deliveries: [] }), {
      kind: 'settled',
      tickets: [],
    });
    assert.deepEqual(await under.store.claimTasks([0], 10), []);
  });
}
