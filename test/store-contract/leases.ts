import assert from 'node:assert/strict';
import type { Lease } from '../../src/ports/store.ts';
import type { Sentence, StoreUnderTest } from './harness.ts';
import { engineMs, newId, only } from './samples.ts';

const TTL_MS = 10_000;

/** L1 to L3. */
export function leases(sentence: Sentence): void {
  exclusion(sentence);
  renewals(sentence);
  takeovers(sentence);
}

async function leased(under: StoreUnderTest, owner: string, shard = 0): Promise<Lease> {
  return only(await under.store.lease(owner, [shard], TTL_MS));
}

function exclusion(sentence: Sentence): void {
  sentence('L1 a shard with a live lease cannot be taken, by anybody', async (under) => {
    const owner = newId();
    await leased(under, owner);
    await under.advance(TTL_MS - 5_000);
    assert.deepEqual(await under.store.lease(newId(), [0], TTL_MS), []);
    assert.deepEqual(await under.store.lease(owner, [0], TTL_MS), []);
  });

  sentence('L1 of two owners that ask at once, one gets the shard', async (under) => {
    const taken = await Promise.all([newId(), newId()].map((owner) => under.store.lease(owner, [0], TTL_MS)));
    assert.equal(taken.flat().length, 1);
  });

  sentence(
    'L1 shards are leased one by one',
    async (under) => {
      await leased(under, newId(), 2);
      const taken = await under.store.lease(newId(), [0, 1, 2, 3], TTL_MS);
      assert.deepEqual(taken.map((lease) => lease.shard).sort(), [0, 1, 3]);
    },
    { shards: 4 },
  );

  sentence(
    'L1 of shards that are free, the first ones in the order asked for are taken, and no more than at most',
    async (under) => {
      await leased(under, newId(), 1);
      const taken = await under.store.lease(newId(), [3, 1, 0, 2], TTL_MS, { atMost: 2 });
      assert.deepEqual(
        taken.map((lease) => lease.shard),
        [3, 0],
      );
      assert.deepEqual(await under.store.lease(newId(), [2], TTL_MS, { atMost: 0 }), []);
      assert.equal((await under.store.lease(newId(), [2], TTL_MS, { givenUp: [newId()] })).length, 1);
    },
    { shards: 4 },
  );

  sentence('L2 a lease says until when it lasts, by engine time', async (under) => {
    const fromMs = await engineMs(under.store);
    const lease = await leased(under, newId());
    const untilMs = await engineMs(under.store);
    assert.ok(lease.leaseUntilMs >= fromMs + TTL_MS && lease.leaseUntilMs <= untilMs + TTL_MS);
  });
}

function renewals(sentence: Sentence): void {
  sentence('L2 a renewed lease lasts longer under the same epoch', async (under) => {
    const owner = newId();
    const lease = await leased(under, owner);
    await under.advance(6_000);
    const renewed = only(await under.store.renew(owner, [lease], TTL_MS));
    assert.deepEqual([renewed.shard, renewed.epoch], [lease.shard, lease.epoch]);
    assert.ok(renewed.leaseUntilMs >= lease.leaseUntilMs + 6_000);
    await under.advance(6_000);
    assert.deepEqual(await under.store.lease(newId(), [0], TTL_MS), []);
  });

  sentence('L2 an expired lease is not renewed', async (under) => {
    const owner = newId();
    const lease = await leased(under, owner);
    await under.advance(TTL_MS + 1);
    assert.deepEqual(await under.store.renew(owner, [lease], TTL_MS), []);
  });

  sentence('L2 a lease of another owner or another epoch is not renewed', async (under) => {
    const owner = newId();
    const lease = await leased(under, owner);
    assert.deepEqual(await under.store.renew(newId(), [lease], TTL_MS), []);
    assert.deepEqual(await under.store.renew(owner, [{ ...lease, epoch: lease.epoch + 1 }], TTL_MS), []);
    assert.equal((await under.store.renew(owner, [lease], TTL_MS)).length, 1);
  });
}

function takeovers(sentence: Sentence): void {
  sentence('L3 a shard that was never held is taken clean', async (under) => {
    assert.equal((await leased(under, newId())).taken, 'clean');
  });

  sentence('L3 a released shard is free at once and taken clean under a new epoch', async (under) => {
    const owner = newId();
    const first = await leased(under, owner);
    await under.store.release(owner, [first]);
    const second = await leased(under, newId());
    assert.deepEqual([second.taken, second.epoch > first.epoch], ['clean', true]);
  });

  sentence('L3 a shard that its own owner takes anew after its time is unclean', async (under) => {
    const owner = newId();
    const first = await leased(under, owner);
    await under.advance(TTL_MS + 1);
    const second = await leased(under, owner);
    assert.deepEqual([second.taken, second.epoch > first.epoch], ['unclean', true]);
  });

  sentence('L3 a shard is unclean after a crash', async (under) => {
    await leased(under, newId());
    await under.crash();
    await under.advance(TTL_MS + 1);
    assert.equal((await leased(under, newId())).taken, 'unclean');
  });

  sentence('L1 a stale owner can neither release nor renew what another has taken', async (under) => {
    const stale = newId();
    const first = await leased(under, stale);
    await under.advance(TTL_MS + 1);
    await leased(under, newId());
    await under.store.release(stale, [first]);
    assert.deepEqual(await under.store.renew(stale, [first], TTL_MS), []);
    assert.deepEqual(await under.store.lease(newId(), [0], TTL_MS), []);
  });
}
