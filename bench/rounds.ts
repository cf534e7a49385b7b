/** B1 as printed: rounds in which all subjects take their turn, the middle of their ratios, and where time went. */
import { median, medianOf, type Print, ratio, span, table, whole } from './figures.ts';
import { answerRemarks, ledgerLine, lostIn } from './remarks.ts';
import type { Ledger } from './stream.ts';
import type { SubjectName } from './subject.ts';
import { measure, type Throughput, type Window } from './throughput.ts';
import { type StoreName, withSubject, type Yard } from './yard.ts';

export interface RoundsOptions extends Window {
  rounds: number;
  subjects: readonly SubjectName[];
  store: StoreName;
}

type Round = ReadonlyMap<SubjectName, Throughput>;

/** At this share of a core the generator or the sink is what limits, not the subject. */
const BOTTLENECK_SHARE = 0.9;

/** Measures and prints; returns how many accepted events were lost. */
export async function runRounds(yard: Yard, options: RoundsOptions, print: Print): Promise<number> {
  const { subjects, connections, windowMs, store } = options;
  print(`B1  accepted durably → delivered → recorded, events/s; ${windowMs / 1000} s each, ${connections} connections`);
  print(store === 'postgres' ? '; all on PostgreSQL, each on a fresh one\n' : '\n');
  const floors = subjects.filter((name) => name !== 'hookyard');
  print(`    round  ${[...subjects, ...floors.map((floor) => `hookyard ÷ ${floor}`)].join(' | ')}\n`);
  const rounds: Round[] = [];
  for (let n = 1; n <= options.rounds; n++) {
    const round = await oneRound(yard, options);
    rounds.push(round);
    print(`    ${n}  ${roundLine(round, floors)}\n`);
  }
  const measured = rounds.flatMap((round) => [...round.values()]);
  print(summary(rounds, floors));
  print(costs(rounds, options));
  for (const line of remarks(measured)) print(`  ${line}\n`);
  return lostIn(ledgersOf(measured));
}

async function oneRound(yard: Yard, options: RoundsOptions): Promise<Round> {
  const round = new Map<SubjectName, Throughput>();
  for (const name of options.subjects) {
    round.set(name, await withSubject(name, yard, (subject) => measure(subject, yard, options), options));
  }
  return round;
}

function roundLine(round: Round, floors: readonly SubjectName[]): string {
  const rates = [...round.values()].map(({ recordedPerSecond }) => whole(recordedPerSecond));
  const ratios = floors.flatMap((floor) => ratioIn(round, floor) ?? []).map(ratio);
  return [...rates, ...ratios].join(' | ');
}

function ratioIn(round: Round, floor: SubjectName): number | null {
  const ours = round.get('hookyard');
  const theirs = round.get(floor);
  return ours === undefined || theirs === undefined ? null : ours.recordedPerSecond / theirs.recordedPerSecond;
}

function summary(rounds: readonly Round[], floors: readonly SubjectName[]): string {
  const rows = floors.flatMap((floor) => {
    const ratios = rounds.flatMap((round) => ratioIn(round, floor) ?? []);
    return ratios.length === 0 ? [] : [[`hookyard ÷ ${floor}`, ratio(median(ratios)), span(ratios, ratio)]];
  });
  return rows.length === 0 ? '' : `\n${table([['', 'median', 'min–max'], ...rows])}`;
}

/** Medians over the rounds. */
function costs(rounds: readonly Round[], { subjects, store }: RoundsOptions): string {
  const beside = store === 'postgres';
  const head = [
    '',
    'recorded/s',
    'min–max',
    'accepted/s',
    'backlog',
    'CPU µs/event',
    'its main thread',
    ...(beside ? ['PostgreSQL'] : []),
    'load',
    'sink',
  ];
  const rows = subjects.map((name) => {
    const all = rounds.flatMap((round) => round.get(name) ?? []);
    const middle = (figure: (one: Throughput) => number | null | undefined) => medianOf(all.map(figure), whole);
    const rates = span(
      all.map(({ recordedPerSecond }) => recordedPerSecond),
      whole,
    );
    return [
      name,
      middle((one) => one.recordedPerSecond),
      rates,
      middle((one) => one.acceptedPerSecond),
      middle((one) => one.backlog),
      middle((one) => one.cpuPerEvent?.subject),
      middle((one) => one.cpuPerEvent?.mainThread),
      ...(beside ? [middle((one) => one.cpuPerEvent?.database)] : []),
      middle((one) => one.cpuPerEvent?.load),
      middle((one) => one.cpuPerEvent?.sink),
    ];
  });
  return `\n${table([head, ...rows])}\n`;
}

function remarks(measured: readonly Throughput[]): string[] {
  const shares = measured.flatMap(({ ownShares }) => ownShares ?? []);
  const load = Math.max(0, ...shares.map((share) => share.load));
  const sink = Math.max(0, ...shares.map((share) => share.sink));
  return [
    bottleneck(load, sink),
    ...measured.filter(({ ledger }) => ledger.lost > 0).map(lostLine),
    ...measured.flatMap(oddAnswers),
    ledgerLine(ledgersOf(measured)),
  ];
}

function bottleneck(load: number, sink: number): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const used = `generator ${percent(load)}, sink ${percent(sink)} of a core at most`;
  const limiting = [
    ...(load >= BOTTLENECK_SHARE ? ['the generator'] : []),
    ...(sink >= BOTTLENECK_SHARE ? ['the sink'] : []),
  ];
  if (limiting.length === 0) return `Neither generator nor sink was the bottleneck (${used}).`;
  return `BOTTLENECK: ${limiting.join(' and ')}; the figures above are too low (${used}).`;
}

function lostLine({ subject, ledger }: Throughput): string {
  const { answers, delivered, recorded, lost } = ledger;
  return `LOST by ${subject}: ${lost} (accepted ${answers.accepted}, delivered ${delivered}, recorded ${recorded})`;
}

function oddAnswers({ subject, ledger: { answers, delivered } }: Throughput): string[] {
  const repeated = delivered - answers.accepted;
  return [...answerRemarks(subject, answers), ...(repeated > 0 ? [`${subject}: ${repeated} deliveries repeated`] : [])];
}

function ledgersOf(measured: readonly Throughput[]): Ledger[] {
  return measured.map(({ ledger: { answers, delivered, lost } }) => ({
    accepted: answers.accepted,
    arrived: delivered,
    lost,
  }));
}
