/** What is noted down of requests once their senders have the answer. */
import type { Ports } from '../../ports.ts';

type Work = () => Promise<void>;

export interface Notes {
  /** Does something that no sender waits for, once it has its answer. While too much waits already, it is left out. */
  later(work: Work): void;
  /**
   * Does it with others some time later, so that not even the answer to the next request tells that there was something
   * to do. While too much waits already, it is left out.
   */
  aside(work: Work): void;
  /** Does at once what waits still, and resolves when all of it is done: before the store is closed. */
  settled(): Promise<void>;
}

/** Requests noted down after their answer at once, and as many aside: each may hold the beginning of a body. */
const MAX_WAITING = 32;
/** What is put aside waits this long, and up to as long again: when it is done must not be known. */
const ASIDE_MS = 1000;

/** Nothing waits yet. */
export function createNotes(ports: Pick<Ports, 'clock' | 'log' | 'random'>): Notes {
  const { clock, random } = ports;
  const [after, apart] = [createLane(ports), createLane(ports)];
  let cancel: (() => void) | null = null;
  const doAside = () => {
    cancel = null;
    apart.start();
  };
  return {
    later(work) {
      if (after.add(work)) clock.soon(after.start);
    },
    aside(work) {
      if (apart.add(work)) cancel ??= clock.after(ASIDE_MS * (1 + random.roll()), doAside);
    },
    async settled() {
      // One piece of work may put off another.
      while (after.isBusy() || apart.isBusy()) {
        cancel?.();
        doAside();
        after.start();
        await Promise.all([after.done(), apart.done()]);
      }
    },
  };
}

interface Lane {
  /** False when too much waits. */
  add(work: Work): boolean;
  /** Starts all that waits. */
  start(): void;
  isBusy(): boolean;
  /** Resolves when all that was started is done. */
  done(): Promise<unknown>;
}

function createLane({ log }: Pick<Ports, 'log'>): Lane {
  const running = new Set<Promise<void>>();
  let waiting: Work[] = [];
  return {
    add(work) {
      if (waiting.length + running.size >= MAX_WAITING) return false;
      waiting.push(work);
      return true;
    },
    start() {
      const works = waiting;
      waiting = [];
      for (const work of works) {
        const done = work()
          .catch((error: unknown) => log.warn('receipt.not_kept', { error }))
          .finally(() => running.delete(done));
        running.add(done);
      }
    },
    isBusy: () => waiting.length + running.size > 0,
    done: () => Promise.all(running),
  };
}
