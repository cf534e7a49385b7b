import type { Ports } from '../ports.ts';

const EVERY_MS = 5000;

export interface Janitor {
  /** Whether the last housekeeping could be written; what readiness asks. */
  healthy(): boolean;
  stop(): void;
}

/** Gives the store its slice of housekeeping every few seconds. */
export function startJanitor(ports: Pick<Ports, 'store' | 'clock' | 'log'>): Janitor {
  let healthy = true;
  let stopped = false;
  let cancel = () => {};
  function next(): void {
    if (!stopped) cancel = ports.clock.after(EVERY_MS, () => void clean());
  }
  async function clean(): Promise<void> {
    try {
      await ports.store.maintain();
      healthy = true;
    } catch (error) {
      healthy = false;
      ports.log.error('maintenance.failed', { error });
    }
    next();
  }
  next();
  return {
    healthy: () => healthy,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
