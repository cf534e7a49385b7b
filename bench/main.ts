/**
 * `npm run bench [-- NAME…] [--flags]`: figures, with nothing asserted about time. Ends with 1 only when something
 * accepted was lost. Without a name all run that need no PostgreSQL, which takes about a quarter of an hour.
 *
 *   b1       accepted durably, delivered, recorded, per second, against a floor      --subjects hookyard,floor,…
 *   b1pg     the same on PostgreSQL, the floors too                                  --subjects hookyard,floor,…
 *   b3       time from sender to receiver at a steady rate                           --rate
 *   b4       healthy receivers while a tenth of all receivers hang                   --receivers --timeout --share
 *   b5       healthy receivers, restart, memory, lists beside a dead one's backlog   --backlog --share
 *   b6       one event to many subscriptions                                         --subscriptions 100,1000,… --rate
 *   b7       what a delivery costs PostgreSQL and the process                        --sizes 1000,… --backlogs 0,… --rate
 *   b8       start to first accepted event; idle memory                              --starts --idle --subjects
 *   b9       the same load by 1, 2, and 4 processes on one PostgreSQL                --processes --sizes --rate
 *   tenants  a quiet tenant beside a busy one                                        --flood --tens
 *   receipts  what senders send, proved and stored, by scheme, against a floor              --store
 *   flood    memory while doors are flooded with bodies of 5 MiB
 *   secrecy  whether the time of the common 404 tells anything                       --samples --store
 *
 * For all: `--rounds N --seconds N --warm-up N --connections N`. `--profile hookyard` shows instead where the time of
 * one window of b1 goes, with `b1pg` one of that. `--store postgres` has `receipts` and `secrecy` on one instead of SQLite.
 *
 * Those on PostgreSQL start one from the packages that the tests use, fresh for each subject, case, and number of
 * processes: fsync, full_page_writes, and synchronous_commit on, checkpoints an hour apart. b7 and b9 count from rest to
 * rest: statements, rows, and buffers by `pg_stat_statements` (begin and commit in the process), WAL bytes by its
 * position, records by `pg_walinspect`, processor time by /proc. b7 sends each case through a closed loop, at --rate, and
 * once more right after a checkpoint, when each page that is touched stands in the WAL as a whole; it grows
 * subscriptions (--sizes) and then the backlog of one dead receiver, and has both at their largest in the end. With all
 * cases it takes about ten minutes. Take --connections 256 to see larger batches.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runBacklog } from './backlog.ts';
import { runDeliveryCosts } from './delivery-costs.ts';
import { runFanOut } from './fan-out.ts';
import { runFlood } from './flood.ts';
import { runHanging } from './hanging.ts';
import { runProcesses } from './processes.ts';
import { runProfile } from './profile.ts';
import { runReceipts } from './receipts.ts';
import { runRounds } from './rounds.ts';
import { sweepAtEnd } from './scratch.ts';
import { runSecrecy } from './secrecy.ts';
import { runStarts } from './start.ts';
import { runSteady } from './steady.ts';
import { SUBJECTS, type SubjectName } from './subject.ts';
import { runTenants } from './tenants.ts';
import { STORES, type StoreName, withYard, type Yard } from './yard.ts';

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
    sizes: { type: 'string', default: '1000,10000,100000' },
    backlogs: { type: 'string', default: '0,100000,1000000' },
    processes: { type: 'string', default: '1,2,4' },
    flood: { type: 'string', default: '100000' },
    tens: { type: 'string', default: '30' },
    samples: { type: 'string', default: '10000' },
    store: { type: 'string', default: 'sqlite' },
    profile: { type: 'string' },
  },
});

const window = {
  windowMs: number('seconds') * 1000,
  warmUpMs: number('warm-up') * 1000,
  connections: number('connections'),
};
const rounds = number('rounds');

const ON_POSTGRES = ['b1pg', 'b7', 'b9'];

/** Each returns how many accepted events were lost. */
const BENCHMARKS: Readonly<Record<string, (yard: Yard) => Promise<number>>> = {
  b1: (yard) => runRounds(yard, { ...window, subjects: named(values.subjects), rounds, store: 'sqlite' }, print),
  b1pg: (yard) => runRounds(yard, { ...window, subjects: named(values.subjects), rounds, store: 'postgres' }, print),
  b3: (yard) => runSteady(yard, { ...window, rounds, perSecond: number('rate') }, print),
  b4: (yard) => {
    const hanging = { receivers: number('receivers'), timeoutMs: number('timeout') * 1000 };
    return runHanging(yard, { ...window, ...hanging, rounds, share: number('share') }, print);
  },
  b5: (yard) => runBacklog(yard, { ...window, rounds, backlog: number('backlog'), share: number('share') }, print),
  b6: (yard) => {
    const options = {
      subscriptions: numbers('subscriptions'),
      deliveries: number('deliveries'),
      perSecond: number('rate'),
    };
    return runFanOut(yard, { ...window, ...options }, print);
  },
  b7: (yard) => {
    const sizes = { subscriptions: numbers('sizes'), backlogs: numbers('backlogs', 0) };
    return runDeliveryCosts(yard, { ...window, rounds, perSecond: number('rate'), ...sizes }, print);
  },
  b8: async (yard) => {
    const starts = { starts: number('starts'), idleMs: number('idle') * 1000 };
    const existingEvents = EXISTING_EVENTS;
    await runStarts(yard, { ...starts, existingEvents, subjects: named(values.subjects) }, print);
    return 0;
  },
  b9: (yard) => {
    const [subscriptions = 0] = numbers('sizes');
    const options = { processes: numbers('processes'), subscriptions, perSecond: number('rate') };
    return runProcesses(yard, { ...window, rounds, ...options }, print);
  },
  tenants: (yard) => {
    const options = { connections: window.connections, backlog: number('flood'), tens: number('tens') };
    return runTenants(yard, options, print);
  },
  receipts: (yard) => runReceipts(yard, { ...window, rounds, store: storeNamed(values.store) }, print),
  flood: (yard) => runFlood(yard, window, print),
  secrecy: (yard) => runSecrecy(yard, { samples: number('samples'), store: storeNamed(values.store) }, print),
};

function print(text: string): void {
  process.stdout.write(text);
}

function number(name: Exclude<keyof typeof values, 'profile' | 'store'>): number {
  return positive(name, values[name]);
}

/** Of a list, each at least `min`; above 0 unless told. */
function numbers(name: 'subscriptions' | 'sizes' | 'backlogs' | 'processes', min?: number): number[] {
  return values[name].split(',').map((text) => (min === Number(text) ? min : positive(name, text)));
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

function storeNamed(text: string): StoreName {
  refuseUnknown([text], STORES);
  return text === 'postgres' ? 'postgres' : 'sqlite';
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
    const store = positionals.includes('b1pg') ? 'postgres' : 'sqlite';
    for (const name of named(values.profile)) await runProfile(yard, name, { ...window, store }, print);
    return 0;
  }
  refuseUnknown(positionals, Object.keys(BENCHMARKS));
  let lost = 0;
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    const wanted = positionals.length === 0 ? !ON_POSTGRES.includes(name) : positionals.includes(name);
    if (wanted) lost += await benchmark(yard);
  }
  return lost;
}

sweepAtEnd();
print(`${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}; Node ${process.versions.node}\n\n`);
const lost = await withYard(run);
process.exitCode = lost === 0 ? 0 : 1;
