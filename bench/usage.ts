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

/** Processor time used since the process started. */
export function cpuOf(pid: number): Cpu | null {
  const processMs = ticksMs(`/proc/${pid}/stat`);
  const mainThreadMs = ticksMs(`/proc/${pid}/task/${pid}/stat`);
  return processMs === null || mainThreadMs === null ? null : { processMs, mainThreadMs };
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
  const stat = read(path);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) * TICK_MS;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
