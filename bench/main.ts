/**
 * `npm run bench [-- NAME…] [--flags]`: figures, with nothing asserted about time. Ends with 1 only when something
 * accepted was lost. Without a name all run, which takes about a quarter of an hour.
 *
 *   b1       accepted durably, delivered, recorded, per second, against a floor      --subjects hookyard,floor,…
 *   b3       time from sender to receiver at a steady rate                           --rate
 *   b4       healthy receivers while a tenth of all receivers hang                   --receivers --timeout --share
 *   b5       healthy receivers, restart, memory, lists beside a dead one's backlog   --backlog --share
 *   b6       one event to many subscriptions                                         --subscriptions 100,1000,… --rate
 *   b8       start to first accepted event; idle memory                              --starts --idle --subjects
 *   tenants  a quiet tenant beside a busy one                                        --flood --tens
 *
 * For all: `--rounds N --seconds N --warm-up N --connections N`. `--profile hookyard` shows instead where the time of
 * one window of b1 goes.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runBacklog } from './backlog.ts';
import { runFanOut } from './fan-out.ts';
import { runHanging } from './hanging.ts';
import { runProfile } from './profile.ts';
import { runRounds } from './rounds.ts';
import { runStarts } from './start.ts';
import { runSteady } from './steady.ts';
import { SUBJECTS, type SubjectName } from './subject.ts';
import { runTenants } from './tenants.ts';
import { withYard, type Yard } from './yard.ts';

const WRONG_USAGE = 2;
const EXISTING_EVENTS = 5000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '2' },
    connections: { type: 'string', default: '64' },
    starts: { type: 'string', default: '5' },
    idle: { type: 'string', default: '5' },
    subjects: { type: 'string', default: SUBJECTS.join(',') },
    rate: { type: 'string', default: '500' },
    share: { type: 'string', default: '0.3' },
    receivers: { type: 'string', default: '100' },
    timeout: { type: 'string', default: '5' },
    backlog: { type: 'string', default: '1000000' },
    subscriptions: { type: 'string', default: '100,1000,10000' },
    deliveries: { type: 'string', default: '10000' },
    flood: { type: 'string', default: '100000' },
    tens: { type: 'string', default: '30' },
    profile: { type: 'string' },
  },
});

const window = {
  windowMs: number('seconds') * 1000,
  warmUpMs: number('warm-up') * 1000,
  connections: number('connections'),
};
const rounds = number('rounds');

/** Each returns how many accepted events were lost. */
const BENCHMARKS: Readonly<Record<string, (yard: Yard) => Promise<number>>> = {
  b1: (yard) => runRounds(yard, { ...window, subjects: named(values.subjects), rounds }, print),
  b3: (yard) => runSteady(yard, { ...window, rounds, perSecond: number('rate') }, print),
  b4: (yard) => {
    const hanging = { receivers: number('receivers'), timeoutMs: number('timeout') * 1000 };
    return runHanging(yard, { ...window, ...hanging, rounds, share: number('share') }, print);
  },
  b5: (yard) => runBacklog(yard, { ...window, rounds, backlog: number('backlog'), share: number('share') }, print),
  b6: (yard) => {
    const subscriptions = values.subscriptions.split(',').map((text) => positive('subscriptions', text));
    const options = { subscriptions, deliveries: number('deliveries'), perSecond: number('rate') };
    return runFanOut(yard, { ...window, ...options }, print);
  },
  b8: async (yard) => {
    const starts = { starts: number('starts'), idleMs: number('idle') * 1000 };
    const existingEvents = EXISTING_EVENTS;
    await runStarts(yard, { ...starts, existingEvents, subjects: named(values.subjects) }, print);
    return 0;
  },
  tenants: (yard) => {
    const options = { connections: window.connections, backlog: number('flood'), tens: number('tens') };
    return runTenants(yard, options, print);
  },
};

function print(text: string): void {
  process.stdout.write(text);
}

function number(name: Exclude<keyof typeof values, 'profile'>): number {
  return positive(name, values[name]);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) refuse(`--${name} ${text} is not a number above 0.`);
  return value;
}

function named(text: string): SubjectName[] {
  const wanted = text.split(',');
  refuseUnknown(wanted, SUBJECTS);
  return SUBJECTS.filter((name) => wanted.includes(name));
}

function refuseUnknown(wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) refuse(`Unknown: ${unknown.join(', ')}. Known: ${known.join(', ')}.`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(WRONG_USAGE);
}

async function run(yard: Yard): Promise<number> {
  if (values.profile !== undefined) {
    for (const name of named(values.profile)) await runProfile(yard, name, window, print);
    return 0;
  }
  refuseUnknown(positionals, Object.keys(BENCHMARKS));
  let lost = 0;
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (positionals.length === 0 || positionals.includes(name)) lost += await benchmark(yard);
  }
  return lost;
}

print(`${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}; Node ${process.versions.node}\n\n`);
const lost = await withYard(run);
process.exitCode = lost === 0 ? 0 : 1;
