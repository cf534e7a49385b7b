/** A clock that rings in rounds: one at a time, sooner when something is known to fall due, later when idle. */
import type { Ports } from '../ports.ts';

const IDLE_MS = 500;
const BUSY_MS = 20;

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
  let hintMs = Number.POSITIVE_INFINITY;

  async function ring(): Promise<void> {
    running = true;
    if (ports.clock.monotonicMs() >= hintMs) hintMs = Number.POSITIVE_INFINITY;
    const more = await round();
    running = false;
    schedule(more ? BUSY_MS : IDLE_MS * (0.8 + 0.4 * ports.random.roll()));
  }

  function schedule(delayMs: number): void {
    if (stopped) return;
    cancel();
    const untilHintMs = hintMs - ports.clock.monotonicMs();
    cancel = ports.clock.after(Math.max(BUSY_MS, Math.min(delayMs, untilHintMs)), () => void ring());
  }

  return {
    start() {
      stopped = false;
      return ring();
    },
    hint(delayMs) {
      const atMs = ports.clock.monotonicMs() + delayMs;
      if (atMs >= hintMs) return;
      hintMs = atMs;
      if (!running) schedule(IDLE_MS);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
