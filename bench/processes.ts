/** B9: the same load on one PostgreSQL by one, two, and more processes of Hookyard. */
import { withCluster } from './cluster.ts';
import { costTable } from './cost.ts';
import {
  type BothLoops,
  type Counted,
  type CountedOptions,
  countBoth,
  detailsOf,
  statementsAtRest,
} from './counted.ts';
import { median, millis, type Print, percentile, table, whole } from './figures.ts';
import { NUMBERED, numberedReceivers } from './numbered.ts';
import { lostIn, remarksText } from './remarks.ts';
import type { Yard } from './yard.ts';

export interface ProcessesOptions extends CountedOptions {
  processes: readonly number[];
  subscriptions: number;
}

interface Measured extends BothLoops {
  processes: number;
  /** Shards of each. */
  holdings: readonly number[];
  /** Statements per second with nothing to do. */
  atRest: number;
}

/** Measures and prints; returns how many accepted events were lost. */
export async function runProcesses(yard: Yard, options: ProcessesOptions, print: Print): Promise<number> {
  const { rounds, windowMs, connections, perSecond, subscriptions } = options;
  print(`B9  processes on one PostgreSQL, ${whole(subscriptions)} subscriptions; publishers spread over all of them; `);
  print(`medians of\n    ${rounds} windows of ${windowMs / 1000} s; goal: statements per delivery do not grow\n\n`);
  const measured: Measured[] = [];
  for (const processes of options.processes) measured.push(await measureProcesses(yard, options, processes, print));
  const rows = (windows: (one: Measured) => readonly Counted[]) => costTable(HEAD, measured.map(rowOf(windows)));
  print(`\n  closed loop, ${connections} connections, per delivery\n${rows(({ closed }) => closed)}`);
  print(`\n  ${whole(perSecond)}/s, per delivery\n${rows(({ paced }) => paced)}`);
  print(`\n  at rest, and times from sending at ${whole(perSecond)}/s in ms\n`);
  print(`${table([TIMES_HEAD, ...measured.map(timesOf)])}\n`);
  const all = measured.flatMap(({ closed, paced }) => [...closed, ...paced]);
  print(remarksText(all.map(({ seen }) => ({ label: NUMBERED, ...seen }))));
  return lostIn(all.map(({ seen }) => seen.ledger));
}

function measureProcesses(yard: Yard, options: ProcessesOptions, processes: number, print: Print): Promise<Measured> {
  const { subscriptions, windowMs } = options;
  const planted = { receivers: numberedReceivers(subscriptions), past: {} };
  return withCluster(yard, processes, planted, async (cluster) => {
    const atRest = await statementsAtRest(cluster, windowMs);
    const both = await countBoth(yard, cluster, subscriptions, options);
    const last = both.paced.at(-1);
    print(`  ${whole(processes)} at ${whole(options.perSecond)}/s: one window, per delivery\n`);
    if (last !== undefined) print(`${await detailsOf(cluster, last)}\n`);
    return { processes, holdings: await cluster.counter.holdings(), atRest, ...both };
  });
}

const HEAD = ['processes', 'deliveries/s'];
const TIMES_HEAD = ['processes', 'shards of each', 'statements/s at rest', '202 p50', 'p99', 'receiver p50', 'p99'];

function rowOf(windows: (one: Measured) => readonly Counted[]) {
  return (one: Measured) => {
    const counted = windows(one);
    const rate = whole(median(counted.map(({ seen }) => seen.arrivedPerSecond)));
    return { cells: [whole(one.processes), rate], costs: counted.map(({ cost }) => cost) };
  };
}

function timesOf({ processes, holdings, atRest, paced }: Measured): string[] {
  const at = (share: number, samples: (one: Counted) => readonly number[]) =>
    millis(median(paced.map((one) => percentile(samples(one), share))));
  const accepts = ({ seen }: Counted) => seen.acceptUs;
  const arrivals = ({ seen }: Counted) => seen.arrivalUs;
  const times = [accepts, arrivals].flatMap((samples) => [at(0.5, samples), at(0.99, samples)]);
  return [whole(processes), holdings.join(' '), atRest.toFixed(1), ...times];
}
