/** What a process uses of the machine, as Linux counts it; null where there is no /proc. */
import { readFileSync } from 'node:fs';

export interface Cpu {
  processMs: number;
  /** The main thread's share: the event loop, for a Node process. */
  mainThreadMs: number;
}

/** /proc counts in clock ticks, 100 a second on every Linux that Node runs on. */
const TICK_MS = 10;
/** Places of user and system time among the fields behind the command's closing bracket (proc(5)). */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
/** The same of children that have ended and were waited for. */
const WAITED_USER_FIELD = 13;
const WAITED_SYSTEM_FIELD = 14;

/** Processor time used since the process started. */
export function cpuOf(pid: number): Cpu | null {
  const processMs = ticksMs(`/proc/${pid}/stat`);
  const mainThreadMs = ticksMs(`/proc/${pid}/task/${pid}/stat`);
  return processMs === null || mainThreadMs === null ? null : { processMs, mainThreadMs };
}

/** Processor time of a process, of those it started, and of those of them that have ended; as PostgreSQL's is one tree. */
export function familyCpuMs(pid: number): number | null {
  const own = statFields(pid);
  const children = read(`/proc/${pid}/task/${pid}/children`);
  if (own === null || children === null) return null;
  const fields = [USER_FIELD, SYSTEM_FIELD, WAITED_USER_FIELD, WAITED_SYSTEM_FIELD];
  const ticks = children
    .split(' ')
    .flatMap((child) => (child === '' ? [] : ticksOf(statFields(Number(child)) ?? [], fields)))
    .reduce((sum, count) => sum + count, ticksOf(own, fields));
  return ticks * TICK_MS;
}

/** Resident memory. */
export function residentBytes(pid: number): number | null {
  return statusBytes(pid, /^VmRSS:\s+(\d+) kB$/m);
}

/** The most resident memory the process ever had. */
export function peakResidentBytes(pid: number): number | null {
  return statusBytes(pid, /^VmHWM:\s+(\d+) kB$/m);
}

function statusBytes(pid: number, line: RegExp): number | null {
  const [, kilobytes] = read(`/proc/${pid}/status`)?.match(line) ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

function ticksMs(path: string): number | null {
  const fields = fieldsOf(read(path));
  return fields === null ? null : ticksOf(fields, [USER_FIELD, SYSTEM_FIELD]) * TICK_MS;
}

function statFields(pid: number): readonly string[] | null {
  return fieldsOf(read(`/proc/${pid}/stat`));
}

function fieldsOf(stat: string | null): readonly string[] | null {
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A process that has ended has no fields, and counts nothing. */
function ticksOf(fields: readonly string[], places: readonly number[]): number {
  return places.reduce((sum, place) => sum + Number(fields[place] ?? 0), 0);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
