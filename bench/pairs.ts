/**
 * The healthy receivers of a Hookyard in two states, calm and troubled, taken in turn: how many arrivals a closed loop
 * brings them, and how late events are at a rate well below that. Both states get the same rate.
 */
import { median, millis, type Print, percentile, ratio, span, table, whole } from './figures.ts';
import { lostIn, remarksText } from './remarks.ts';
import type { Seen } from './stream.ts';

export interface PairOptions {
  rounds: number;
  /** Share of what the calm closed loop brings that the open loop sends. */
  share: number;
}

export type State = 'calm' | 'troubled';

/** Measures the healthy receivers in a state; in a closed loop when `perSecond` is null. */
export type Look = (state: State, perSecond: number | null) => Promise<Seen>;

interface Round {
  closed: Record<State, Seen>;
  paced: Record<State, Seen>;
}

/** So that the shortest window, on the busiest machine, has something to measure. */
const LEAST_PER_SECOND = 50;

/** Measures and prints; returns how many events for the healthy receivers were lost. */
export async function runPairs(look: Look, options: PairOptions, print: Print): Promise<number> {
  const first = await look('calm', null);
  const perSecond = Math.max(LEAST_PER_SECOND, Math.round(first.arrivedPerSecond * options.share));
  print(`    calm closed loop: ${whole(first.arrivedPerSecond)} arrivals/s; open loop: ${whole(perSecond)}/s\n\n`);
  const rounds: Round[] = [];
  for (let n = 0; n < options.rounds; n++) rounds.push(await oneRound(look, perSecond, n % 2 === 1));
  print(`${table([HEAD, ...ROWS.map((row) => cells(row, rounds))])}\n`);
  const all = [
    first,
    ...rounds.flatMap(({ closed, paced }) => [closed, paced].flatMap(({ calm, troubled }) => [calm, troubled])),
  ];
  print(remarksText(all.map((seen) => ({ label: 'healthy', ...seen }))));
  return lostIn(all.map(({ ledger }) => ledger));
}

async function oneRound(look: Look, perSecond: number, troubledFirst: boolean): Promise<Round> {
  return { closed: await pair(look, null, troubledFirst), paced: await pair(look, perSecond, troubledFirst) };
}

async function pair(look: Look, perSecond: number | null, troubledFirst: boolean): Promise<Record<State, Seen>> {
  if (troubledFirst) {
    const troubled = await look('troubled', perSecond);
    return { calm: await look('calm', perSecond), troubled };
  }
  const calm = await look('calm', perSecond);
  return { calm, troubled: await look('troubled', perSecond) };
}

interface Row {
  name: string;
  loop: keyof Round;
  figure(seen: Seen): number;
  form(value: number): string;
}

const HEAD = ['', 'calm', 'troubled', 'troubled ÷ calm', 'min–max'];
const ROWS: readonly Row[] = [
  { name: 'closed loop, arrivals/s', loop: 'closed', figure: (seen) => seen.arrivedPerSecond, form: whole },
  { name: 'closed loop, p99 ms', loop: 'closed', figure: (seen) => percentile(seen.arrivalUs, 0.99), form: millis },
  { name: 'open loop, arrivals/s', loop: 'paced', figure: (seen) => seen.arrivedPerSecond, form: whole },
  { name: 'open loop, p50 ms', loop: 'paced', figure: (seen) => percentile(seen.arrivalUs, 0.5), form: millis },
  { name: 'open loop, p99 ms', loop: 'paced', figure: (seen) => percentile(seen.arrivalUs, 0.99), form: millis },
  { name: 'open loop, 202 p99 ms', loop: 'paced', figure: (seen) => percentile(seen.acceptUs, 0.99), form: millis },
];

/** Medians over the rounds; the ratio is the median of the rounds' ratios. */
function cells({ name, loop, figure, form }: Row, rounds: readonly Round[]): string[] {
  const of = (state: State) => rounds.map((round) => figure(round[loop][state]));
  const calm = of('calm');
  const troubled = of('troubled');
  const ratios = troubled.map((value, nth) => value / (calm[nth] ?? Number.NaN));
  return [name, form(median(calm)), form(median(troubled)), ratio(median(ratios)), span(ratios, ratio)];
}
