/** B6: one event to many subscriptions, and what it does to whoever publishes meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import { stampedBody } from './event.ts';
import { median, medianOf, megabytes, millis, type Print, percentile, ratio, table, whole } from './figures.ts';
import { type Receiver, receivers, requestsFor, withPrepared } from './prepared.ts';
import { lostIn, remarksText } from './remarks.ts';
import { rest } from './rest.ts';
import { monotonicUs } from './stamp.ts';
import { arrivedOf, type Ledger, observe, type Seen, type Stretch, settle } from './stream.ts';
import type { HookyardSubject } from './subject.ts';
import { peakResidentBytes, residentBytes } from './usage.ts';
import type { Yard } from './yard.ts';

export interface FanOutOptions extends Stretch {
  connections: number;
  subscriptions: readonly number[];
  /** Deliveries in all at each number of subscriptions: the fewer these are, the more events are published. */
  deliveries: number;
  /** Of the others, who publish all the time. */
  perSecond: number;
}

/** One event to all subscriptions. Times in microseconds from its sending. */
interface Spread {
  acceptUs: number;
  /** Until the arrival of the last delivery; that of a few may be there before the 202. */
  lastUs: number;
  /** 202s of the others meanwhile. */
  othersUs: readonly number[];
  ledger: Ledger;
}

interface FanOut {
  subscriptions: number;
  beforeBytes: number | null;
  peakBytes: number | null;
  before: Seen;
  spreads: readonly Spread[];
  others: Pick<Seen, 'answers' | 'ledger'>;
}

const FAN = 'fan';
const FAN_TYPE = 'bench.fan';
const OTHERS = 'others';
/** Enough for a median. */
const MIN_EVENTS = 3;
const LOOK_MS = 5;

/** Measures and prints; returns how many accepted events were lost. */
export async function runFanOut(yard: Yard, options: FanOutOptions, print: Print): Promise<number> {
  print('B6  one event to many subscriptions, medians; others publish');
  print(` ${whole(options.perSecond)}/s meanwhile; goal: linear, others within 1.1 × of no fan-out\n\n`);
  const measured: FanOut[] = [];
  for (const subscriptions of options.subscriptions) measured.push(await fanOut(yard, options, subscriptions));
  print(`${table([HEAD, ...measured.map(cells)])}\n`);
  const seen = measured.flatMap(({ subscriptions, before, spreads, others }) => [
    { label: OTHERS, ...before },
    { label: OTHERS, ...others },
    ...spreads.map(({ ledger }) => ({
      label: `${whole(subscriptions)} subscriptions`,
      ledger,
      answers: before.answers,
    })),
  ]);
  print(remarksText(seen));
  return lostIn(seen.map(({ ledger }) => ledger));
}

function fanOut(yard: Yard, options: FanOutOptions, subscriptions: number): Promise<FanOut> {
  const fan: Receiver[] = Array.from({ length: subscriptions }, () => ({ group: FAN, eventType: FAN_TYPE }));
  const quiet = receivers(OTHERS, 1);
  return withPrepared(yard, [...fan, ...quiet], async (subject) => {
    const { connections, perSecond } = options;
    const stream = { ports: [subject.port], connections, perSecond, requests: requestsFor(subject, quiet) };
    const before = await observe(yard, stream, OTHERS, options);
    const beforeBytes = residentBytes(subject.pid);
    const arrived = await arrivedOf(yard, OTHERS);
    await yard.load.ask('go', { ...stream, total: null });
    await pause(options.warmUpMs);
    const spreads: Spread[] = [];
    const events = Math.max(MIN_EVENTS, Math.ceil(options.deliveries / subscriptions));
    for (let n = 0; n < events; n++) spreads.push(await spread(yard, subject, subscriptions));
    const answers = await yard.load.ask('stop');
    const others = { answers, ledger: await settle(yard, OTHERS, arrived, answers) };
    return { subscriptions, beforeBytes, peakBytes: peakResidentBytes(subject.pid), before, spreads, others };
  });
}

async function spread(yard: Yard, { url, apiKey }: HookyardSubject, subscriptions: number): Promise<Spread> {
  const before = await arrivedOf(yard, FAN);
  await Promise.all([yard.load.ask('watch'), yard.sink.ask('watch')]);
  const sentUs = monotonicUs();
  const answer = await fetch(`${url}/api/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: stampedBody(FAN_TYPE),
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`the event was answered ${answer.status}: ${text}`);
  const acceptUs = monotonicUs() - sentUs;
  const look = async () => ({ arrived: (await arrivedOf(yard, FAN)) - before });
  const { arrived } = await rest(subscriptions, look, LOOK_MS);
  const [othersUs, watched] = await Promise.all([yard.load.ask('watched'), yard.sink.ask('watched')]);
  const lastUs = (watched[FAN]?.lastUs ?? Number.NaN) - sentUs;
  const ledger = { accepted: subscriptions, arrived, lost: Math.max(0, subscriptions - arrived) };
  return { acceptUs, lastUs, othersUs, ledger };
}

const HEAD = [
  'subscriptions',
  'events',
  '202 after, ms',
  'last arrival, ms',
  'µs per delivery',
  'before, MB',
  'peak, MB',
  'others’ 202 p99 before, ms',
  'meanwhile',
  'ratio',
  'samples',
];

function cells({ subscriptions, spreads, before, beforeBytes, peakBytes }: FanOut): string[] {
  const lastUs = median(spreads.map((one) => one.lastUs));
  const meanwhile = spreads.flatMap(({ othersUs }) => othersUs);
  const calmUs = percentile(before.acceptUs, 0.99);
  const busyUs = percentile(meanwhile, 0.99);
  return [
    whole(subscriptions),
    whole(spreads.length),
    millis(median(spreads.map(({ acceptUs }) => acceptUs))),
    millis(lastUs),
    whole(lastUs / subscriptions),
    medianOf([beforeBytes], megabytes),
    medianOf([peakBytes], megabytes),
    millis(calmUs),
    millis(busyUs),
    ratio(busyUs / calmUs),
    whole(meanwhile.length),
  ];
}
