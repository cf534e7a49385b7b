/** B7: what one delivery costs PostgreSQL and the process, whatever stands beside it: subscriptions, and a backlog. */
import { type Cluster, withCluster } from './cluster.ts';
import { costTable } from './cost.ts';
import { type BothLoops, type Counted, type CountedOptions, countBoth, countWindow, detailsOf } from './counted.ts';
import { median, type Print, whole } from './figures.ts';
import { EVENT_BYTES, NUMBERED, numberedReceivers } from './numbered.ts';
import { lostIn, remarksText } from './remarks.ts';
import type { Yard } from './yard.ts';

export interface DeliveryCostOptions extends CountedOptions {
  subscriptions: readonly number[];
  /** Open deliveries of one dead receiver. */
  backlogs: readonly number[];
}

/** One installation. */
export interface Case {
  subscriptions: number;
  backlog: number;
}

type Measured = BothLoops & { of: Case; afterCheckpoint: Counted };

/** Measures and prints; returns how many accepted events were lost. */
export async function runDeliveryCosts(yard: Yard, options: DeliveryCostOptions, print: Print): Promise<number> {
  const { rounds, windowMs, connections, perSecond } = options;
  print(
    `B7  what a delivery costs on PostgreSQL: events of ${whole(EVENT_BYTES)} bytes, each to one subscription, all `,
  );
  print(`subscriptions in turn;\n    one process; medians of ${rounds} windows of ${windowMs / 1000} s; `);
  print('goal: ≤ 0.05 statements, ≤ 2,500 bytes of WAL, all of it flat\n\n');
  const measured: Measured[] = [];
  for (const of of casesOf(options)) measured.push(await measureCase(yard, options, of, print));
  const rows = (windows: (one: Measured) => readonly Counted[]) => costTable(HEAD, measured.map(rowOf(windows)));
  print(`\n  closed loop, ${connections} connections, per delivery\n${rows(({ closed }) => closed)}`);
  print(`\n  ${whole(perSecond)}/s, per delivery\n${rows(({ paced }) => paced)}`);
  print(`\n  closed loop right after a checkpoint, per delivery\n${rows((one) => [one.afterCheckpoint])}\n`);
  const all = measured.flatMap(({ closed, paced, afterCheckpoint }) => [...closed, ...paced, afterCheckpoint]);
  print(remarksText(all.map(({ seen }) => ({ label: NUMBERED, ...seen }))));
  return lostIn(all.map(({ seen }) => seen.ledger));
}

/** Each dimension grows alone, then both are at their largest. */
export function casesOf({
  subscriptions,
  backlogs,
}: Pick<DeliveryCostOptions, 'subscriptions' | 'backlogs'>): readonly Case[] {
  const [few = 1] = subscriptions;
  const [none = 0] = backlogs;
  const largest = { subscriptions: Math.max(...subscriptions), backlog: Math.max(...backlogs) };
  const bothGrow = largest.subscriptions > few && largest.backlog > none;
  return [
    ...subscriptions.map((count) => ({ subscriptions: count, backlog: none })),
    ...backlogs.slice(1).map((backlog) => ({ subscriptions: few, backlog })),
    ...(bothGrow ? [largest] : []),
  ];
}

function measureCase(yard: Yard, options: DeliveryCostOptions, of: Case, print: Print): Promise<Measured> {
  const { subscriptions, backlog } = of;
  const past = backlog === 0 ? {} : { backlog: { subscription: 0, events: backlog } };
  return withCluster(yard, 1, { receivers: numberedReceivers(subscriptions), past }, async (cluster) => {
    print(`  ${whole(subscriptions)} subscriptions, backlog ${whole(backlog)}`);
    print(` (written in ${whole(cluster.plantedMs / 1000)} s): one window of the closed loop, per delivery\n`);
    const both = await countBoth(yard, cluster, subscriptions, options);
    print(`${await lastDetails(cluster, both.closed)}\n`);
    return { of, ...both, afterCheckpoint: await afterCheckpoint(yard, cluster, subscriptions, options) };
  });
}

async function lastDetails(cluster: Cluster, windows: readonly Counted[]): Promise<string> {
  const last = windows.at(-1);
  return last === undefined ? '' : detailsOf(cluster, last);
}

/** The dearest window there is: every page that it touches stands in the log as a whole once. */
async function afterCheckpoint(
  yard: Yard,
  cluster: Cluster,
  subscriptions: number,
  options: DeliveryCostOptions,
): Promise<Counted> {
  await cluster.counter.checkpoint();
  return countWindow(yard, cluster, subscriptions, { ...options, warmUpMs: 0, perSecond: null });
}

const HEAD = ['subscriptions', 'backlog', 'deliveries/s'];

function rowOf(windows: (one: Measured) => readonly Counted[]) {
  return (one: Measured) => {
    const counted = windows(one);
    const rate = whole(median(counted.map(({ seen }) => seen.arrivedPerSecond)));
    const { subscriptions, backlog } = one.of;
    return { cells: [whole(subscriptions), whole(backlog), rate], costs: counted.map(({ cost }) => cost) };
  };
}
