/** What the machine, or the container around the process, gives it. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Memory in bytes: the smaller of the machine's and the container's. */
export function memoryBytes(): number {
  // 0 where there is no limit or none can be known.
  const limit = process.constrainedMemory();
  return limit === 0 ? totalmem() : Math.min(limit, totalmem());
}

const LIMITS = '/proc/self/limits';

/** Files and sockets the process may have open at once; null where the system does not tell. */
export function openFiles(read: () => string = () => readFileSync(LIMITS, 'utf8')): number | null {
  try {
    const soft = /^Max open files +(\d+) /m.exec(read())?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}
