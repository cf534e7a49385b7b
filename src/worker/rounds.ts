/** A clock that rings in rounds: one at a time, sooner when something is known to fall due, later when idle. */
import type { Ports } from '../ports.ts';

const IDLE_MS = 500;
const BUSY_MS = 20;
/** Hints further ahead are left to the idle rounds, so that a backlog of retries does not fill memory. */
const MAX_HINT_MS = 60_000;

export interface Rounds {
  /** Runs the first round and begins to ring. */
  start(): Promise<void>;
  /** Something falls due in `delayMs`. `part`: only what the caller knows of is to be looked at. */
  hint(delayMs: number, part?: 'part'): void;
  stop(): void;
}

/**
 * @param round does one round, of everything or of the part that hints were about alone, and says whether there is more
 *   to do at once; must not reject
 */
export function createRounds(
  ports: Pick<Ports, 'clock' | 'random'>,
  round: (isWhole: boolean) => Promise<boolean>,
): Rounds {
  let cancel = () => {};
  let running = false;
  let stopped = true;
  /**
   * Moments at which something falls due, each rounded up to the next busy interval, and whether all is looked at then.
   */
  const hints = new Map<number, boolean>();
  /** When the next whole round comes in any case. */
  let idleAtMs = Number.NEGATIVE_INFINITY;

  async function ring(): Promise<void> {
    running = true;
    const nowMs = ports.clock.monotonicMs();
    const isWhole = takeDue(hints, nowMs) || nowMs >= idleAtMs;
    const more = await round(isWhole);
    running = false;
    const nextMs = ports.clock.monotonicMs() + (more ? BUSY_MS : IDLE_MS * (0.8 + 0.4 * ports.random.roll()));
    // Rounds of a part, however many, do not put off the whole one.
    idleAtMs = isWhole ? nextMs : Math.min(idleAtMs, nextMs);
    schedule();
  }

  /** A new hint may only bring the next round forward: a stream of them must not put it off. */
  function schedule(): void {
    if (stopped) return;
    cancel();
    const delayMs = Math.min(idleAtMs, ...hints.keys()) - ports.clock.monotonicMs();
    cancel = ports.clock.after(Math.max(0, delayMs), () => void ring());
  }

  return {
    start() {
      stopped = false;
      return ring();
    },
    hint(delayMs, part) {
      if (delayMs > MAX_HINT_MS) return;
      const atMs = Math.ceil((ports.clock.monotonicMs() + delayMs) / BUSY_MS) * BUSY_MS;
      const known = hints.get(atMs);
      hints.set(atMs, known === true || part === undefined);
      if (known !== undefined) return;
      if (!running) schedule();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

/** Takes the hints that are due; whether one of them was about everything. */
function takeDue(hints: Map<number, boolean>, nowMs: number): boolean {
  const due = [...hints].filter(([hintMs]) => hintMs <= nowMs);
  for (const [hintMs] of due) hints.delete(hintMs);
  return due.some(([, ofAll]) => ofAll);
}
