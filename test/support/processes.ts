/** Processes of other programs, and signals to them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Sends a signal; what ended meanwhile needs none. */
export function sent(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The processes that it started and that still run. */
export function childrenOf(parent: number): readonly number[] {
  return processes().flatMap(([pid, of]) => (of === parent ? [pid] : []));
}

/** Every process with its parent. */
function processes(): readonly (readonly [pid: number, parent: number])[] {
  if (!existsSync('/proc/self/stat')) {
    const listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return listed.map((line) => line.trim().split(/\s+/)).map(([pid, of]) => [Number(pid), Number(of)]);
  }
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // After the program's name, which may have anything in it, come the state and the parent.
      const [, of] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return [[Number(name), Number(of)] as const];
    } catch {
      return [];
    }
  });
}
