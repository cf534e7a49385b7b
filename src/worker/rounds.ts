/** A clock that rings in rounds: one at a time, sooner when something is known to fall due, later when idle. */
import type { Ports } from '../ports.ts';

const IDLE_MS = 500;
const BUSY_MS = 20;
/** Hints further ahead are left to the idle rounds, so that a backlog of retries does not fill memory. */
const MAX_HINT_MS = 60_000;

export interface Rounds {
  /** Runs the first round and begins to ring. */
  start(): Promise<void>;
  /** Something falls due in `delayMs`. */
  hint(delayMs: number): void;
  stop(): void;
}

/**
 * @param round does one round and says whether there is more to do at once; must not reject
 */
export function createRounds(ports: Pick<Ports, 'clock' | 'random'>, round: () => Promise<boolean>): Rounds {
  let cancel = () => {};
  let running = false;
  let stopped = true;
  /** Moments at which something falls due, each rounded up to the next busy interval. */
  const hints = new Set<number>();
  /** When the next round comes in any case. */
  let idleAtMs = 0;

  async function ring(): Promise<void> {
    running = true;
    const nowMs = ports.clock.monotonicMs();
    for (const hintMs of hints) if (hintMs <= nowMs) hints.delete(hintMs);
    const more = await round();
    running = false;
    idleAtMs = ports.clock.monotonicMs() + (more ? BUSY_MS : IDLE_MS * (0.8 + 0.4 * ports.random.roll()));
    schedule();
  }

  /** A new hint may only bring the next round forward: a stream of them must not put it off. */
  function schedule(): void {
    if (stopped) return;
    cancel();
    const delayMs = Math.min(idleAtMs, ...hints) - ports.clock.monotonicMs();
    cancel = ports.clock.after(Math.max(0, delayMs), () => void ring());
  }

  return {
    start() {
      stopped = false;
      return ring();
    },
    hint(delayMs) {
      if (delayMs > MAX_HINT_MS) return;
      const atMs = Math.ceil((ports.clock.monotonicMs() + delayMs) / BUSY_MS) * BUSY_MS;
      if (hints.has(atMs)) return;
      hints.add(atMs);
      if (!running) schedule();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
