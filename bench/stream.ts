/** A stream of events through a prepared Hookyard, seen from both ends for one window. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from './child.ts';
import type { Aim, Answers, Load } from './load.ts';
import { rest } from './rest.ts';
import type { Yard } from './yard.ts';

export type Stream = Omit<Aim, 'total'>;

export interface Stretch {
  warmUpMs: number;
  windowMs: number;
}

/** What the two ends saw. Times are microseconds from a request's falling due. */
export interface Seen {
  arrivedPerSecond: number;
  /** To its arriving whole at the receiver. */
  arrivalUs: readonly number[];
  /** To the 202. */
  acceptUs: readonly number[];
  answers: Answers;
  ledger: Ledger;
}

/** Counts of one group after everything came to rest. */
export interface Ledger {
  accepted: number;
  arrived: number;
  lost: number;
}

/**
 * Watches one group for a window in the middle of a stream, which lasts longer on a machine that stood still: until
 * something has arrived. Then waits until all accepted of the group has arrived.
 */
export async function observe(yard: Yard, stream: Stream, group: string, stretch: Stretch): Promise<Seen> {
  const { load, sink } = yard;
  const before = await arrivedOf(yard, group);
  await load.ask('go', { ...stream, total: null });
  await pause(stretch.warmUpMs);
  await Promise.all([load.ask('watch'), sink.ask('watch')]);
  const [fromMs, seen] = [performance.now(), await arrivedOf(yard, group)];
  await pause(stretch.windowMs);
  await rest(seen + 1, async () => ({ arrived: await arrivedOf(yard, group) }));
  const [acceptUs, arrivals] = await Promise.all([load.ask('watched'), sink.ask('watched')]);
  const seconds = (performance.now() - fromMs) / 1000;
  const answers = await load.ask('stop');
  const { count = 0, latenciesUs = [] } = arrivals[group] ?? {};
  const ledger = await settle(yard, group, before, answers);
  return { arrivedPerSecond: count / seconds, arrivalUs: latenciesUs, acceptUs, answers, ledger };
}

/** Sends so many and watches all of them; `load` is the yard's own unless told. */
export async function observeEach(
  yard: Yard,
  stream: Stream,
  group: string,
  total: number,
  load: Child<Load> = yard.load,
): Promise<Omit<Seen, 'arrivedPerSecond'>> {
  const before = await arrivedOf(yard, group);
  await Promise.all([load.ask('watch'), yard.sink.ask('watch')]);
  await load.ask('go', { ...stream, total });
  const answers = await load.ask('finish');
  const ledger = await settle(yard, group, before, answers);
  const [acceptUs, arrivals] = await Promise.all([load.ask('watched'), yard.sink.ask('watched')]);
  return { arrivalUs: arrivals[group]?.latenciesUs ?? [], acceptUs, answers, ledger };
}

/** Requests of a group that the sink received since its last reset. */
export async function arrivedOf({ sink }: Yard, group: string): Promise<number> {
  return (await sink.ask('counts'))[group] ?? 0;
}

/** Waits until everything of a group has arrived, or nothing arrives any more. */
export async function settle(yard: Yard, group: string, before: number, { acceptedOf }: Answers): Promise<Ledger> {
  const accepted = acceptedOf[group] ?? 0;
  const { arrived } = await rest(accepted, async () => ({ arrived: (await arrivedOf(yard, group)) - before }));
  return { accepted, arrived, lost: Math.max(0, accepted - arrived) };
}
