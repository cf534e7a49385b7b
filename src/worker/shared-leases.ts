/**
 * The leases of one process among others: it says every half second that it is there, takes its share, gives away what
 * is more than that, and sends nothing while it does not know what it holds. `core/sharing.ts` decides.
 */
import type { Id } from '../core/ids.ts';
import type { Attendance, Neighbours } from '../ports.ts';
import { giveAway, releaseIdle, renew, SILENT_FOR_MS, takeAndGive } from './lease-moves.ts';
import { LEASE_TTL_MS, type Leases, lasts, MARGIN_MS } from './leases.ts';
import { createTenure, doubt, type Held, type Movers, type SharedLeasePorts, type Tenure } from './tenure.ts';

const LOOK_EVERY_MS = 500;
/** After a look that failed, and after a hint that a shard may be free. */
const LOOK_SOON_MS = 200;
/** A process without an answer for this long may have lost the connection by which others know that it lives. */
const ANSWER_WITHIN_MS = 500;
const MAX_SKEW_MS = 5000;
const TELL_SKEW_EVERY_MS = 60_000;
/** A store that stays away must not keep the process; its leases end by themselves. */
const STOP_WITHIN_MS = 5000;

/** Leases on this process's share of the shards. Nothing is taken before `start`. */
export function createSharedLeases(ports: SharedLeasePorts, neighbours: Neighbours, owner: Id, movers: Movers): Leases {
  const tenure = createTenure(ports, neighbours, owner, movers);
  const { held } = tenure;
  const unlisten = neighbours.onLost(() => doubt(tenure));
  return {
    async start() {
      await lookNow(tenure);
      await tenure.reading;
    },
    safe(shard) {
      const entry = held.get(shard);
      return entry !== undefined && isSafe(tenure, entry);
    },
    isOurs: (shard) => held.get(shard)?.stage === 'held',
    counts(shard) {
      const entry = held.get(shard);
      return entry !== undefined && entry.stage !== 'arriving' && lasts(entry, ports.clock, 0);
    },
    shards: () => [...held.values()].filter((entry) => isSafe(tenure, entry)).map(({ lease }) => lease.shard),
    count: () => held.size,
    doubtSinceMs: () => tenure.doubtSinceMs,
    skewMs: () => tenure.skewMs,
    hint(shards) {
      if (!tenure.isShort || tenure.isClosing || !shards.some((shard) => !held.has(shard))) return;
      // Told again and again, it would put the look off each time.
      if (tenure.isHinted) return;
      tenure.isHinted = true;
      if (tenure.looking === null) lookIn(tenure, LOOK_SOON_MS);
    },
    close() {
      tenure.isClosing = true;
      giveAway(tenure, [...held.values()]);
      if (tenure.looking === null) lookIn(tenure, 0);
    },
    stop() {
      unlisten();
      return stop(tenure);
    },
  };
}

function isSafe({ inDoubt, ports }: Tenure, entry: Held): boolean {
  return !inDoubt && entry.stage === 'held' && lasts(entry, ports.clock, MARGIN_MS);
}

function lookIn(tenure: Tenure, delayMs: number): void {
  if (tenure.isStopped) return;
  tenure.cancel();
  tenure.cancel = tenure.ports.clock.after(delayMs, () => void lookNow(tenure));
}

function lookNow(tenure: Tenure): Promise<void> {
  tenure.looking ??= look(tenure).finally(() => {
    tenure.looking = null;
    lookIn(tenure, nextLookMs(tenure));
  });
  return tenure.looking;
}

/** A silent process is looked at again when it is time to give it up. */
function nextLookMs({ ports, inDoubt, silentSince, isHinted }: Tenure): number {
  if (inDoubt || isHinted) return LOOK_SOON_MS;
  const nowMs = ports.clock.monotonicMs();
  const waits = [...silentSince.values()].map((sinceMs) => sinceMs + SILENT_FOR_MS - nowMs).filter((ms) => ms > 0);
  return Math.min(LOOK_EVERY_MS * (0.95 + 0.1 * ports.random.roll()), ...waits);
}

async function look(tenure: Tenure): Promise<void> {
  try {
    const attendance = await inTime(tenure, attend(tenure));
    if (tenure.inDoubt || tenure.ports.clock.monotonicMs() >= tenure.renewAtMs) await inTime(tenure, renew(tenure));
    releaseIdle(tenure);
    if (!tenure.isClosing) await takeAndGive(tenure, attendance);
    tenure.isFailing = false;
    if (!tenure.inDoubt) tenure.doubtSinceMs = null;
  } catch (error) {
    doubt(tenure);
    // Nobody was looked at; and the others may have lost what this process has.
    tenure.silentSince = new Map();
    tenure.waitingSinceMs = null;
    if (!tenure.isFailing) tenure.ports.log.error('lease.failed', { error });
    tenure.isFailing = true;
  }
}

/** Waits for an answer; when it takes too long, what is held is in doubt at once. */
async function inTime<Answer>(tenure: Tenure, answer: Promise<Answer>): Promise<Answer> {
  const cancel = tenure.ports.clock.after(ANSWER_WITHIN_MS, () => doubt(tenure));
  try {
    return await answer;
  } finally {
    cancel();
  }
}

async function attend(tenure: Tenure): Promise<Attendance> {
  const { clock, log } = tenure.ports;
  const askedAtMs = clock.nowMs();
  // Nobody is to count with one that is closing; that it lives still must be known.
  const attendance = await tenure.neighbours.attend(tenure.owner, tenure.isClosing ? 0 : LEASE_TTL_MS);
  tenure.skewMs = Math.round((askedAtMs + clock.nowMs()) / 2 - attendance.nowMs);
  const nowMs = clock.monotonicMs();
  if (Math.abs(tenure.skewMs) > MAX_SKEW_MS && nowMs >= tenure.tellSkewAtMs) {
    tenure.tellSkewAtMs = nowMs + TELL_SKEW_EVERY_MS;
    log.warn('clock.skewed', { skewMs: tenure.skewMs });
  }
  return attendance;
}

async function stop(tenure: Tenure): Promise<void> {
  const { clock } = tenure.ports;
  tenure.isStopped = true;
  tenure.isClosing = true;
  tenure.cancel();
  await Promise.race([leave(tenure), new Promise<void>((resolve) => clock.after(STOP_WITHIN_MS, resolve))]);
}

async function leave(tenure: Tenure): Promise<void> {
  await tenure.looking;
  // What is not idle was not settled: whoever takes it must know that it may have been sent.
  giveAway(tenure, [...tenure.held.values()]);
  releaseIdle(tenure);
  await Promise.all(tenure.releases);
  try {
    await tenure.neighbours.depart(tenure.owner);
  } catch (error) {
    tenure.ports.log.error('lease.failed', { error });
  }
}
