/** One deadline for each exchange, and one limit to what comes before its answer, without a timer for each. */
import type { Clock } from '../../ports.ts';
import { type Exchange, failIfFlooded } from './exchange.ts';

/** How late a deadline may be noticed. */
const SWEEP_MS = 25;

export interface Deadlines {
  watch(exchange: Exchange): void;
  /** Those that have not settled. */
  open(): Exchange[];
}

/**
 * Looks through all open exchanges every 25 ms, calls `expired` for those past their deadline and ends those that are
 * flooded. Setting and clearing
 * a timer for each request costs more than looking at a thousand records forty times a second.
 */
export function createDeadlines(clock: Clock, expired: (exchange: Exchange, nowMs: number) => void): Deadlines {
  let watched: Exchange[] = [];
  let sweeping = false;
  const open = () => watched.filter((exchange) => exchange.stage !== 'settled');

  const sweep = () => {
    const nowMs = clock.monotonicMs();
    for (const exchange of watched) {
      if (exchange.stage === 'settled') continue;
      if (nowMs >= exchange.deadlineMs) expired(exchange, nowMs);
      else failIfFlooded(exchange, nowMs);
    }
    watched = open();
    sweeping = watched.length > 0;
    if (sweeping) clock.after(SWEEP_MS, sweep);
  };

  return {
    open,
    watch(exchange) {
      watched.push(exchange);
      if (sweeping) return;
      sweeping = true;
      clock.after(SWEEP_MS, sweep);
    },
  };
}
