/**
 * `npm run bench [-- b1 b8] [--seconds N] [--rounds N] [--warm-up N] [--connections N] [--starts N] [--subjects A,B]`:
 * figures, with nothing asserted about time. `--profile hookyard` shows instead where the time of one window goes. Ends with 1 only when
 * something accepted was lost.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runProfile } from './profile.ts';
import { runRounds } from './rounds.ts';
import { runStarts } from './start.ts';
import { SUBJECTS, type SubjectName } from './subject.ts';
import { withYard, type Yard } from './yard.ts';

const BENCHMARKS = ['b1', 'b8'];
const WRONG_USAGE = 2;

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
    profile: { type: 'string' },
  },
});

const window = {
  windowMs: Number(values.seconds) * 1000,
  warmUpMs: Number(values['warm-up']) * 1000,
  connections: Number(values.connections),
};
const EXISTING_EVENTS = 5000;

function print(text: string): void {
  process.stdout.write(text);
}

function named(text: string): SubjectName[] {
  const wanted = text.split(',');
  refuseUnknown(wanted, SUBJECTS);
  return SUBJECTS.filter((name) => wanted.includes(name));
}

function refuseUnknown(wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  process.stderr.write(`Unknown: ${unknown.join(', ')}. Known: ${known.join(', ')}.\n`);
  process.exit(WRONG_USAGE);
}

async function run(yard: Yard): Promise<number> {
  if (values.profile !== undefined) {
    for (const name of named(values.profile)) await runProfile(yard, name, window, print);
    return 0;
  }
  const wanted = positionals.length === 0 ? BENCHMARKS : positionals;
  refuseUnknown(wanted, BENCHMARKS);
  const subjects = named(values.subjects);
  let lost = 0;
  if (wanted.includes('b1')) {
    lost = await runRounds(yard, { ...window, subjects, rounds: Number(values.rounds) }, print);
  }
  if (wanted.includes('b8')) {
    const starts = { starts: Number(values.starts), idleMs: Number(values.idle) * 1000 };
    await runStarts(yard, { ...starts, existingEvents: EXISTING_EVENTS, subjects }, print);
  }
  return lost;
}

print(`${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}; Node ${process.versions.node}\n\n`);
const lost = await withYard(run);
process.exitCode = lost === 0 ? 0 : 1;
