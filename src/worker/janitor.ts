import type { Ports } from '../ports.ts';

const EVERY_MS = 5000;

/** Gives the store its slice of housekeeping every few seconds; the returned function stops it. */
export function startJanitor(ports: Pick<Ports, 'store' | 'clock' | 'log'>): () => void {
  let stopped = false;
  let cancel = () => {};
  function next(): void {
    if (!stopped) cancel = ports.clock.after(EVERY_MS, clean);
  }
  function clean(): void {
    ports.store
      .maintain()
      .catch((error: unknown) => ports.log.error('maintenance.failed', { error }))
      .finally(next);
  }
  next();
  return () => {
    stopped = true;
    cancel();
  };
}
