/** B3: how long an event is on its way from its sender to its receiver, at a steady rate. */
import { median, millis, type Print, percentile, span, table, whole } from './figures.ts';
import { receivers, requestsFor, withPrepared } from './prepared.ts';
import { lostIn, remarksText } from './remarks.ts';
import { observe, type Seen, type Stretch } from './stream.ts';
import { RECEIVER_CONNECTIONS, type Yard } from './yard.ts';

export interface SteadyOptions extends Stretch {
  rounds: number;
  connections: number;
  perSecond: number;
}

const GROUP = 'steady';

/** Measures and prints; returns how many accepted events were lost. */
export async function runSteady(yard: Yard, options: SteadyOptions, print: Print): Promise<number> {
  const { rounds, perSecond, windowMs } = options;
  print(`B3  sending → 202 and sending → receiver at ${whole(perSecond)}/s, ms; ${rounds} × ${windowMs / 1000} s\n`);
  print('    The event is accepted durably on its way: goal p50 ≤ 5 ms, p99 ≤ 20 ms\n\n');
  const seen: Seen[] = [];
  for (let n = 0; n < rounds; n++) seen.push(await oneRound(yard, options));
  const row = (name: string, samples: (one: Seen) => readonly number[]) => {
    const at = (share: number) => seen.map((one) => percentile(samples(one), share));
    const shown = (share: number) => [millis(median(at(share))), span(at(share), millis)];
    return [name, ...shown(0.5), ...shown(0.99), ...shown(1)];
  };
  const head = ['', 'p50', 'min–max', 'p99', 'min–max', 'longest', 'min–max'];
  print(table([head, row('202', ({ acceptUs }) => acceptUs), row('receiver', ({ arrivalUs }) => arrivalUs)]));
  const rates = seen.map(({ arrivedPerSecond }) => arrivedPerSecond);
  print(`\n  ${whole(median(rates))} arrived per second (${span(rates, whole)})\n`);
  print(remarksText(seen.map((one) => ({ label: GROUP, ...one }))));
  return lostIn(seen.map(({ ledger }) => ledger));
}

function oneRound(yard: Yard, { connections, perSecond, ...stretch }: SteadyOptions): Promise<Seen> {
  const all = receivers(GROUP, 1, { maxConcurrency: RECEIVER_CONNECTIONS });
  return withPrepared(yard, all, (subject) => {
    const stream = { ports: [subject.port], connections, perSecond, requests: requestsFor(subject, all) };
    return observe(yard, stream, GROUP, stretch);
  });
}
