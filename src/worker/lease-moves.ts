/** Shards come and go: leases renewed or lost, taken and let in, given away and released. */
import type { Id } from '../core/ids.ts';
import { givenUp, share, stillSilent } from '../core/sharing.ts';
import type { Attendance } from '../ports.ts';
import { LEASE_TTL_MS, lasts, RENEW_EVERY_MS, termFrom } from './leases.ts';
import { type Held, shardsOf, type Tenure } from './tenure.ts';

/**
 * Longer than any process that lives is without a look, so that all have come back after a restart of the database
 * before anybody is given up.
 */
export const SILENT_FOR_MS = 700;
/** Who is silent in two looks further apart than this may have spoken in between. */
const NEXT_LOOK_MS = 1000;
/**
 * Nothing is taken while somebody is silent who may come back, but no longer than this: a database that answers slowly,
 * or a process that comes and goes, keeps nobody from what is free.
 */
const WAIT_FOR_SILENT_MS = 5000;
/**
 * What is being given away and does not come to an end by then is kept after all, and something else is given. Who
 * closes does not renew it any more: it ends with its time (L3).
 */
const LINGER_MS = 15_000;
/** Who has what everybody must have asks now and then whether more is free. */
const ASK_EVERY_MS = 3000;

/** Renews what is to be kept, and drops what is not held any more. */
export async function renew(tenure: Tenure): Promise<void> {
  const { ports, owner, held } = tenure;
  const term = termFrom(ports.clock);
  const mine = [...held.values()].filter((entry) => !isLapsing(tenure, entry));
  const asked = mine.map(({ lease }) => lease);
  const renewed = asked.length === 0 ? [] : await ports.store.renew(owner, asked, LEASE_TTL_MS);
  const kept = new Set(renewed.map(({ shard }) => shard));
  for (const entry of mine) if (kept.has(entry.lease.shard)) Object.assign(entry, term);
  tenure.renewAtMs = term.monotonicUntilMs - LEASE_TTL_MS + RENEW_EVERY_MS;
  const gone = mine.filter(({ lease, isReleasing }) => !kept.has(lease.shard) && !isReleasing);
  const lapsed = [...held.values()].filter((entry) => isLapsing(tenure, entry) && !lasts(entry, ports.clock, 0));
  lose(tenure, [...gone, ...lapsed]);
  if (!tenure.inDoubt) return;
  tenure.inDoubt = false;
  tenure.movers.sure();
}

/** Whether it is left to its time. */
function isLapsing(tenure: Tenure, entry: Held): boolean {
  return entry.isReleasing || (tenure.isClosing && isLingering(tenure, entry));
}

function isLingering({ ports }: Tenure, { stage, leavingSinceMs }: Held): boolean {
  return stage === 'leaving' && ports.clock.monotonicMs() - leavingSinceMs >= LINGER_MS;
}

/**
 * Keeps what does not come to an end: whoever took it once its time is up would send again what is on its way still.
 * All of it was dropped from memory, and is read again as if it was taken.
 */
function takeBack(tenure: Tenure): void {
  for (const entry of [...tenure.held.values()]) {
    if (entry.isReleasing || !isLingering(tenure, entry)) continue;
    const { lease } = entry;
    // Whether the owner before is done was not waited for to the end (L3).
    const taken = lease.taken === 'expired' ? 'expired' : 'clean';
    tenure.held.set(lease.shard, { ...entry, lease: { ...lease, taken }, stage: 'returning' });
  }
}

function lose(tenure: Tenure, entries: readonly Held[]): void {
  const lost = shardsOf(entries.filter((entry) => isStill(tenure, entry)));
  if (lost.size === 0) return;
  for (const shard of lost) tenure.held.delete(shard);
  tenure.movers.left(lost);
  tenure.movers.forget(lost);
  tenure.ports.log.info('lease.lost', { shards: lost.size, held: tenure.held.size });
}

/** Whether a lease is the one that is held; it may have been lost, and taken again, meanwhile. */
function isStill({ held }: Tenure, entry: Held): boolean {
  return held.get(entry.lease.shard) === entry;
}

/** Begins to give shards away. What is idle is released at once. */
export function giveAway(tenure: Tenure, entries: readonly Held[]): void {
  const staying = entries.filter(({ stage }) => stage !== 'leaving');
  if (staying.length === 0) return;
  const nowMs = tenure.ports.clock.monotonicMs();
  for (const entry of staying) {
    entry.stage = 'leaving';
    entry.leavingSinceMs = nowMs;
  }
  tenure.movers.left(shardsOf(staying));
  releaseIdle(tenure);
}

/** Releases what is being given away and has come to an end, beside the looks. */
export function releaseIdle(tenure: Tenure): void {
  const idle = [...tenure.held.values()].filter(({ lease, stage, isReleasing }) => {
    return stage === 'leaving' && !isReleasing && tenure.movers.isIdle(lease.shard);
  });
  if (idle.length === 0) return;
  for (const entry of idle) entry.isReleasing = true;
  const done = release(tenure, idle).finally(() => tenure.releases.delete(done));
  tenure.releases.add(done);
}

async function release(tenure: Tenure, entries: readonly Held[]): Promise<void> {
  const { ports, owner, held, movers, neighbours } = tenure;
  try {
    await movers.write(shardsOf(entries));
    const leases = entries.map(({ lease }) => lease);
    await ports.store.release(owner, leases);
    const given = shardsOf(entries.filter((entry) => isStill(tenure, entry)));
    for (const shard of given) held.delete(shard);
    movers.forget(given);
    neighbours.tell({ kind: 'work', shards: [...given] });
    ports.log.info('lease.given', { shards: given.size, held: held.size });
  } catch (error) {
    // With the next look.
    for (const entry of entries) entry.isReleasing = false;
    ports.log.error('lease.failed', { error });
  }
}

/** Takes what is missing to this process's share of the shards, or gives away what is more. */
export async function takeAndGive(tenure: Tenure, attendance: Attendance): Promise<void> {
  const { ports, held, owner, movers } = tenure;
  const nowMs = ports.clock.monotonicMs();
  const gone = lookAtSilent(tenure, attendance.silent, nowMs);
  const isWaiting = waitsForSilent(tenure, attendance.silent.length > gone.length, nowMs);
  takeBack(tenure);
  // A silent process may be dead: nothing is given away for its sake, and nothing that is free is left to it.
  const present = attendance.present.filter((id) => !attendance.silent.includes(id));
  const { leaving = [], staying = [] } = Object.groupBy(held.values(), ({ stage }) =>
    stage === 'leaving' ? 'leaving' : 'staying',
  );
  const { take, ask, give, isShort } = share({
    shards: ports.store.shards,
    present,
    own: owner,
    held: [...shardsOf(staying)],
    leaving: [...shardsOf(leaving)],
    inFlight: movers.inFlight,
  });
  tenure.isShort = isShort;
  const isNews = !isWaiting && (isOtherNow(tenure, present) || gone.length > 0);
  if (take > 0 && !isWaiting && (isShort || isNews || nowMs >= tenure.askAtMs)) {
    await takeSome(tenure, ask, { atMost: take, givenUp: gone });
  }
  const over = new Set(give);
  giveAway(
    tenure,
    staying.filter(({ lease }) => over.has(lease.shard)),
  );
  readArrivals(tenure);
}

/** Who has been silent for long enough, all the time. */
function lookAtSilent(tenure: Tenure, silent: readonly Id[], nowMs: number): readonly Id[] {
  const isNext = nowMs - tenure.lookedAtMs <= NEXT_LOOK_MS;
  tenure.lookedAtMs = nowMs;
  tenure.silentSince = stillSilent(isNext ? tenure.silentSince : new Map(), silent, nowMs);
  return givenUp(tenure.silentSince, SILENT_FOR_MS, nowMs);
}

/** Whether to wait for somebody silent: a lease whose time was up during an outage may have an owner that lives. */
function waitsForSilent(tenure: Tenure, isAny: boolean, nowMs: number): boolean {
  tenure.waitingSinceMs = isAny ? (tenure.waitingSinceMs ?? nowMs) : null;
  return tenure.waitingSinceMs !== null && nowMs - tenure.waitingSinceMs < WAIT_FOR_SILENT_MS;
}

/** Whether somebody came or went since the last look, or said that something may be free. */
function isOtherNow(tenure: Tenure, present: readonly Id[]): boolean {
  const before = tenure.present;
  tenure.present = present.join();
  const { isHinted } = tenure;
  tenure.isHinted = false;
  return isHinted || tenure.present !== before;
}

async function takeSome(
  tenure: Tenure,
  shards: readonly number[],
  limits: { atMost: number; givenUp: readonly Id[] },
): Promise<void> {
  const { ports, owner, held } = tenure;
  const term = termFrom(ports.clock);
  tenure.askAtMs = ports.clock.monotonicMs() + ASK_EVERY_MS;
  const taken = await ports.store.lease(owner, shards, LEASE_TTL_MS, limits);
  if (taken.length === 0) return;
  for (const lease of taken) {
    held.set(lease.shard, { lease, ...term, stage: 'arriving', leavingSinceMs: 0, isReleasing: false });
  }
  const { unclean = [], expired = [] } = Object.groupBy(taken, (lease) => lease.taken);
  const counts = { shards: taken.length, unclean: unclean.length, expired: expired.length };
  ports.log.info('lease.taken', { ...counts, held: held.size });
  // It began to close while it asked.
  if (tenure.isClosing) giveAway(tenure, [...held.values()]);
}

/** Lets in what was taken once it is read, beside the looks. */
function readArrivals(tenure: Tenure): void {
  const { held, movers, ports } = tenure;
  const arriving = [...held.values()].filter(isArriving);
  if (arriving.length === 0 || tenure.reading !== null) return;
  const letInStill = (letIn: Awaited<ReturnType<typeof movers.read>>) => {
    const still = arriving.filter((entry) => isStill(tenure, entry) && isArriving(entry));
    for (const entry of still) entry.stage = 'held';
    letIn(still.map(({ lease }) => lease));
  };
  tenure.reading = movers
    .read(arriving.map(({ lease }) => lease))
    .then(letInStill)
    .catch((error: unknown) => ports.log.error('lease.failed', { error }))
    .finally(() => {
      tenure.reading = null;
    });
}

function isArriving({ stage }: Held): boolean {
  return stage === 'arriving' || stage === 'returning';
}
