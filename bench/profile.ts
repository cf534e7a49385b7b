/** Where Hookyard's time goes in one B1 window: self time of its functions, by area of the house. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ratio, table, whole } from './figures.ts';
import type { SubjectName } from './subject.ts';
import { measure, type Window } from './throughput.ts';
import { type StoreName, withDirectory, withSubject, type Yard } from './yard.ts';

/** What V8 writes (`.cpuprofile`): a tree of call frames, and the node on top at each sample. */
interface CpuProfile {
  nodes: readonly { id: number; callFrame: CallFrame; children?: readonly number[] }[];
  samples: readonly number[];
  /** Microseconds on the machine's monotonic clock. */
  startTime: number;
  /** Microseconds before each sample. */
  timeDeltas: readonly number[];
}

interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
}

/** The innermost frame that matches a row decides; so `net` under undici is HTTP out. */
const AREAS: readonly (readonly [pattern: RegExp, area: string])[] = [
  [/\/adapters\/sqlite\/packets|\/adapters\/sqlite\/facade/, 'store: pack and unpack'],
  [/\/node_modules\/pg/, 'store: driver'],
  [/\/adapters\/postgres\/|\/floor-store/, 'store: statements'],
  [/\/adapters\/sql\/group-commit|\/adapters\/sqlite\/thread/, 'store: batches and messages'],
  [/\/adapters\/sqlite\/|\/floor-writer/, 'store: statements'],
  [/\/adapters\/mac/, 'sign and digest'],
  [/\/adapters\/sender|\/undici\//, 'HTTP out'],
  [/\/adapters\/gate|\/core\/address/, 'address gate'],
  [/\/adapters\/(log|metrics)|\/prom-client\/|\/pino\//, 'log and metrics'],
  [/\/core\/json/, 'parse'],
  [/\/core\/(wire|profile|header)|\/core\/signature\//, 'render'],
  [/\/server\//, 'HTTP in: routes'],
  [/\/flows\/|\/core\/(match|filter|ids|delivery|retry)/, 'flows and decisions'],
  [/\/worker\/|\/core\/fairness/, 'worker'],
  [/^node:_http_|^node:internal\/http/, 'HTTP in: node:http'],
  [/\/bench\/floor/, 'the floor itself'],
];
const MACHINE_AREAS: ReadonlyMap<string, string> = new Map([
  ['(garbage collector)', 'garbage collection'],
  ['(idle)', 'idle'],
  ['(program)', 'native, outside JavaScript'],
]);
const TOP_FUNCTIONS = 30;
const MIN_SHARE = 0.005;
/** Threads idler than this took no part. */
const MIN_BUSY = 0.05;

/** Runs one window with the sampling profiler on and prints a table per thread. */
export async function runProfile(
  yard: Yard,
  name: SubjectName,
  { store, ...window }: Window & { store: StoreName },
  print: (text: string) => void,
): Promise<void> {
  await withDirectory(async (directory) => {
    const flags = ['--cpu-prof', '--cpu-prof-dir', directory];
    const measured = await withSubject(name, yard, (subject) => measure(subject, yard, window), {
      nodeFlags: flags,
      store,
    });
    const { recordedPerSecond, fromMs, toMs } = measured;
    const events = (recordedPerSecond * (toMs - fromMs)) / 1000;
    print(`Profile of ${name}: ${whole(recordedPerSecond)}/s with the profiler on; µs are per event\n`);
    for (const file of readdirSync(directory).toSorted()) {
      const profile = JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile;
      print(describe(file, selfTimes(profile, fromMs * 1000, toMs * 1000), events));
    }
  });
}

interface SelfTimes {
  areas: Map<string, number>;
  functions: Map<string, number>;
  totalUs: number;
}

function describe(file: string, { areas, functions, totalUs }: SelfTimes, events: number): string {
  const busyUs = totalUs - (areas.get('idle') ?? 0);
  if (busyUs / totalUs < MIN_BUSY) return '';
  const rows = (times: ReadonlyMap<string, number>, limit: number) =>
    [...times]
      .filter(([name, us]) => name !== 'idle' && us / busyUs >= MIN_SHARE)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, limit)
      .map(([name, us]) => [name, `${((us / busyUs) * 100).toFixed(1)} %`, `${(us / events).toFixed(1)} µs`]);
  const head = `\n${file}: busy ${ratio(busyUs / totalUs)} of the window, ${(busyUs / events).toFixed(0)} µs per event\n`;
  return `${head}${table(rows(areas, AREAS.length + MACHINE_AREAS.size))}\n${table(rows(functions, TOP_FUNCTIONS))}`;
}

/** Self time by area and by function, of the samples taken in the window. */
function selfTimes(profile: CpuProfile, fromUs: number, toUs: number): SelfTimes {
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const areaOf = new Map(profile.nodes.map(({ id }) => [id, area(id, frames, parents)]));
  const areas = new Map<string, number>();
  const functions = new Map<string, number>();
  let totalUs = 0;
  let atUs = profile.startTime;
  profile.samples.forEach((id, at) => {
    const us = profile.timeDeltas[at] ?? 0;
    atUs += us;
    if (atUs < fromUs || atUs > toUs) return;
    totalUs += us;
    const name = areaOf.get(id) ?? 'other';
    add(areas, name, us);
    add(functions, frameName(frames.get(id), name), us);
  });
  return { areas, functions, totalUs };
}

function area(id: number, frames: ReadonlyMap<number, CallFrame>, parents: ReadonlyMap<number, number>): string {
  const machine = MACHINE_AREAS.get(frames.get(id)?.functionName ?? '');
  if (machine !== undefined) return machine;
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const url = frames.get(at)?.url ?? '';
    const [, found] = AREAS.find(([pattern]) => pattern.test(url)) ?? [];
    if (found !== undefined) return found;
  }
  return 'other';
}

function frameName(frame: CallFrame | undefined, areaName: string): string {
  if (frame === undefined || MACHINE_AREAS.has(frame.functionName)) return areaName;
  const file = frame.url.split('/').slice(-2).join('/');
  return `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1} [${areaName}]`;
}

function add(times: Map<string, number>, name: string, us: number): void {
  times.set(name, (times.get(name) ?? 0) + us);
}
