/** Leases in the model: at most one live lease, whatever is asked by whom. */
import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { Lease } from '../../src/ports/store.ts';
import type { Dice, World } from './model.ts';
import { pick, timed } from './model.ts';
import { newId } from './samples.ts';

const OWNERS: readonly Id[] = [newId(), newId(), newId()];
const TTL_MS = 10_000;

/** Whether the lease is live all through a stretch of time, or over all through it; null when that cannot be said. */
function isLive({ lease }: World, fromMs: number, untilMs: number): boolean | null {
  switch (lease.state) {
    case 'free':
      return false;
    case 'unsure':
      return lease.untilMs < fromMs ? false : null;
    case 'held':
      if (lease.untilMs < fromMs) return false;
      return lease.untilMs >= untilMs ? true : null;
  }
}

/** A crash may end a lease early, and never prolongs it. */
export function unsettleLease(world: World): void {
  if (world.lease.state === 'held') world.lease.state = 'unsure';
}

export async function takeLease(world: World, { a }: Dice): Promise<void> {
  const owner = pick(OWNERS, a) ?? '';
  const { store } = world.under;
  const { answer, fromMs, untilMs } = await timed(store, () => store.lease(owner, [0], TTL_MS));
  const live = isLive(world, fromMs, untilMs);
  const [taken] = answer;
  if (live !== null) assert.equal(taken === undefined, live);
  if (taken === undefined) return;
  assert.ok(taken.epoch > world.lease.epoch, 'a new epoch');
  checkTaken(world, owner, taken);
  world.lease = { state: 'held', owner, epoch: taken.epoch, untilMs: taken.leaseUntilMs };
}

/** Whether another owner that did nothing for long is dead, only a store that several processes share can tell. */
function checkTaken({ lease }: World, owner: Id, { taken }: Lease): void {
  if (lease.state === 'unsure') return;
  if (lease.state === 'free') assert.equal(taken, 'clean');
  else if (lease.owner === owner) assert.equal(taken, 'unclean');
  else assert.notEqual(taken, 'clean');
}

/** The known lease, or the one before it, as somebody claims to hold it. */
function claimedLease({ lease }: World, { b }: Dice): Lease {
  const epoch = b % 3 === 0 ? lease.epoch - 1 : lease.epoch;
  return { shard: 0, epoch, leaseUntilMs: lease.untilMs, taken: 'clean' };
}

export async function renewLease(world: World, dice: Dice): Promise<void> {
  const owner = pick(OWNERS, dice.a) ?? '';
  const wanted = claimedLease(world, dice);
  const { store } = world.under;
  const { answer, fromMs, untilMs } = await timed(store, () => store.renew(owner, [wanted], TTL_MS));
  const isTheirs = owner === world.lease.owner && wanted.epoch === world.lease.epoch;
  const live = isTheirs ? isLive(world, fromMs, untilMs) : false;
  const [renewed] = answer;
  if (live !== null) assert.equal(renewed !== undefined, live);
  if (renewed !== undefined) world.lease = { ...world.lease, state: 'held', untilMs: renewed.leaseUntilMs };
}

export async function releaseLease(world: World, dice: Dice): Promise<void> {
  const owner = pick(OWNERS, dice.a) ?? '';
  const wanted = claimedLease(world, dice);
  const { store } = world.under;
  const { fromMs, untilMs } = await timed(store, () => store.release(owner, [wanted]));
  const isTheirs = owner === world.lease.owner && wanted.epoch === world.lease.epoch;
  // Releasing what is over already is left open by the contract, so only a lease that is live for sure is released.
  if (!isTheirs || world.lease.state === 'free') return;
  world.lease.state = isLive(world, fromMs, untilMs) === true ? 'free' : 'unsure';
}
