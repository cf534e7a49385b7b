/** What the system says of another process; only Linux says it. */
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

/** Whether it says anything here. */
export function watchesProcesses(): boolean {
  return existsSync('/proc/self/status');
}

/**
 * The most memory that a process held since it started, or since the peak was last begun anew.
 * @param then `anew`: what it holds now is the first of the next peak, and the answer
 */
export function peakMemoryOf(pid: number, then?: 'anew'): number {
  // 5 resets the peak (proc_pid_clear_refs(5)).
  if (then === 'anew') writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Sockets that a process has open, those it listens on too. */
export function openSockets(pid: number): number {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).filter((name) => isSocket(`${directory}/${name}`)).length;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // Closed between being listed and being read.
    return false;
  }
}
