/** Processes that share the leases of one store: who is there, who is silent, whose shards may be taken. */
import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import { isStoreAway } from '../../src/core/store-away.ts';
import type { Lease } from '../../src/ports/store.ts';
import {
  attends,
  describeStreets,
  type OpenProcesses,
  type Process,
  type StreetSentence,
  seenSilent,
  TTL_MS,
} from './neighbours-harness.ts';
import { configVersions, hints, laneNews } from './neighbours-news.ts';
import { receiptsOfSeveral } from './neighbours-receipts.ts';
import { engineMs, newId, only } from './samples.ts';

/** Declares every test of the contract of neighbours for the store named `name`. */
export function describeNeighbours(name: string, open: OpenProcesses): void {
  describeStreets(name, open, {
    attendance,
    silence,
    'giving up': givingUp,
    'takeovers among several': takeovers,
    'news of lanes': laneNews,
    'versions of configurations': configVersions,
    hints,
    'receipts of several': receiptsOfSeveral,
  });
}

/** Two owners, the one with the smaller id first. */
function owners(): [Id, Id] {
  return [newId(), newId()];
}

async function leased({ store }: Process, owner: Id, shard = 0, givenUp: readonly Id[] = []): Promise<Lease> {
  return only(await store.lease(owner, [shard], TTL_MS, { givenUp }));
}

function attendance(sentence: StreetSentence): void {
  sentence('N1 whoever attends is present for all until its time is up', async ({ a, b, advance }) => {
    const [one, two] = owners();
    assert.deepEqual((await attends(a, one)).present, [one]);
    assert.deepEqual((await attends(b, two)).present, [one, two]);
    await advance(TTL_MS - 4_000);
    assert.deepEqual((await attends(a, one)).present, [one, two]);
    await advance(7_000);
    assert.deepEqual((await attends(a, one)).present, [one]);
    assert.deepEqual((await attends(b, two)).present, [one, two]);
  });

  sentence('N1 who is present is told in the order of ids', async ({ a, b, start }) => {
    const [one, two] = owners();
    const three = newId();
    await attends(a, three);
    await attends(b, one);
    assert.deepEqual((await attends(await start(), two)).present, [one, two, three]);
  });

  sentence('N1 whoever departs is neither present nor silent', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    await a.neighbours.depart(one);
    const { present, silent } = await attends(b, two);
    assert.deepEqual([present, silent], [[two], []]);
    await a.neighbours.depart(one);
  });

  sentence('N1 an attendance tells engine time', async ({ a, advance }) => {
    const one = newId();
    await attends(a, one);
    await advance(60_000);
    const fromMs = await engineMs(a.store);
    const { nowMs } = await attends(a, one);
    assert.ok(nowMs >= fromMs && nowMs <= (await engineMs(a.store)));
  });
}

function silence(sentence: StreetSentence): void {
  sentence('N2 a process that died is silent at once, and nobody else is', async ({ a, b, start }) => {
    const [one, two] = owners();
    await attends(a, one);
    await attends(b, two);
    await attends(await start(), newId());
    assert.deepEqual((await attends(b, two)).silent, []);
    await a.crash();
    const { present, silent } = await seenSilent(b, two, one);
    assert.deepEqual(silent, [one]);
    assert.equal(present.length, 3);
  });

  sentence('N2 an owner of leases that died is silent as long as they are not taken', async ({ a, b, advance }) => {
    const [one, two] = owners();
    await attends(a, one);
    await leased(a, one);
    await a.crash();
    await advance(10 * TTL_MS);
    const { present, silent } = await seenSilent(b, two, one);
    assert.deepEqual([present, silent], [[two], [one]]);
    await leased(b, two);
    assert.deepEqual((await attends(b, two)).silent, []);
  });

  sentence('N2 a process that only stands still is not silent, however long', async ({ a, b, advance }) => {
    const [one, two] = owners();
    await attends(a, one);
    await leased(a, one);
    await advance(10 * TTL_MS);
    const { present, silent } = await attends(b, two);
    assert.deepEqual([present, silent], [[two], []]);
  });

  sentence('N2 a process that was cut off is silent until it attends again, which fails once', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    a.cut();
    await seenSilent(b, two, one);
    await assert.rejects(attends(a, one), isStoreAway);
    assert.deepEqual((await attends(b, two)).silent, []);
    assert.deepEqual((await attends(a, one)).silent, []);
  });

  sentence('N2 a renewal after it was cut off says what it holds, so that no attendance fails', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    const lease = await leased(a, one);
    a.cut();
    await seenSilent(b, two, one);
    assert.equal((await a.store.renew(one, [lease], TTL_MS)).length, 1);
    assert.deepEqual((await attends(a, one)).present, [one, two]);
    assert.deepEqual((await attends(b, two)).silent, []);
  });
}

function givingUp(sentence: StreetSentence): void {
  sentence('N3 shards of one that is given up and gone are taken before their time', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    const first = await leased(a, one);
    await a.crash();
    await seenSilent(b, two, one);
    assert.deepEqual(await b.store.lease(two, [0], TTL_MS), []);
    assert.deepEqual(await b.store.lease(two, [0], TTL_MS, { givenUp: [newId()] }), []);
    const second = await leased(b, two, 0, [one]);
    assert.deepEqual([second.taken, second.epoch > first.epoch], ['unclean', true]);
  });

  sentence('N3 one that is given up and lives is not robbed', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    const lease = await leased(a, one);
    assert.deepEqual(await b.store.lease(two, [0], TTL_MS, { givenUp: [one] }), []);
    assert.equal((await a.store.renew(one, [lease], TTL_MS)).length, 1);
  });

  sentence('N3 one that came back is not robbed', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    const lease = await leased(a, one);
    a.cut();
    await seenSilent(b, two, one);
    await assert.rejects(attends(a, one), isStoreAway);
    assert.deepEqual(await b.store.lease(two, [0], TTL_MS, { givenUp: [one] }), []);
    assert.equal((await a.store.renew(one, [lease], TTL_MS)).length, 1);
  });

  sentence('N3 one that was robbed while it was cut off neither renews nor releases', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    const lease = await leased(a, one);
    a.cut();
    await seenSilent(b, two, one);
    const robbed = await leased(b, two, 0, [one]);
    assert.deepEqual(await a.store.renew(one, [lease], TTL_MS), []);
    await a.store.release(one, [lease]);
    assert.equal((await b.store.renew(two, [robbed], TTL_MS)).length, 1);
  });

  sentence('N3 shards of one that is gone are shared by those who ask at once', async ({ a, b, start }) => {
    const c = await start();
    const [one, two] = owners();
    const three = newId();
    await attends(a, one);
    await a.store.lease(one, [0, 1, 2, 3], TTL_MS);
    await attends(c, three);
    await a.crash();
    await seenSilent(b, two, one);
    const limits = { atMost: 2, givenUp: [one] };
    const taken = await Promise.all([
      b.store.lease(two, [0, 1, 2, 3], TTL_MS, limits),
      c.store.lease(three, [0, 1, 2, 3], TTL_MS, limits),
    ]);
    assert.deepEqual(
      taken.map((leases) => leases.length),
      [2, 2],
    );
    const shards = taken.flat().map(({ shard }) => shard);
    assert.deepEqual(shards.toSorted(), [0, 1, 2, 3]);
  });
}

function takeovers(sentence: StreetSentence): void {
  sentence('L3 a shard that another released is taken clean', async ({ a, b }) => {
    const [one, two] = owners();
    await attends(a, one);
    await a.store.release(one, [await leased(a, one)]);
    assert.equal((await leased(b, two)).taken, 'clean');
  });

  sentence('L3 a shard whose time is over is expired while its owner lives', async ({ a, b, advance }) => {
    const [one, two] = owners();
    await attends(a, one);
    const first = await leased(a, one);
    await advance(TTL_MS + 1);
    const second = await leased(b, two);
    assert.deepEqual([second.taken, second.epoch > first.epoch], ['expired', true]);
    assert.deepEqual(await a.store.renew(one, [first], TTL_MS), []);
  });

  sentence('L3 a shard whose time is over is unclean when its owner is dead', async ({ a, b, advance }) => {
    const [one, two] = owners();
    await attends(a, one);
    await leased(a, one);
    await a.crash();
    await seenSilent(b, two, one);
    await advance(TTL_MS + 1);
    assert.equal((await leased(b, two)).taken, 'unclean');
  });

  sentence('L3 a shard that its owner left without releasing it is unclean', async ({ a, b, advance }) => {
    const [one, two] = owners();
    await attends(a, one);
    await leased(a, one);
    await a.neighbours.depart(one);
    await advance(TTL_MS + 1);
    assert.equal((await leased(b, two)).taken, 'unclean');
  });

  sentence('L3 a shard that its own owner takes anew after its time is unclean', async ({ a, advance }) => {
    const one = newId();
    await attends(a, one);
    await leased(a, one);
    await advance(TTL_MS + 1);
    assert.equal((await leased(a, one)).taken, 'unclean');
  });

  sentence(
    'L1 two that ask for the same shards at once share them, and none is held twice',
    async ({ a, b }) => {
      const [one, two] = owners();
      const all = Array.from({ length: 16 }, (_, shard) => shard);
      for (let round = 0; round < 5; round++) {
        const [mine, yours] = await Promise.all([
          a.store.lease(one, all, TTL_MS, { atMost: 8 }),
          b.store.lease(two, all, TTL_MS, { atMost: 8 }),
        ]);
        const shards = [...mine, ...yours].map(({ shard }) => shard);
        assert.deepEqual([mine.length, yours.length, new Set(shards).size], [8, 8, 16]);
        await Promise.all([a.store.release(one, mine), b.store.release(two, yours)]);
      }
    },
    { shards: 16 },
  );
}
