/** What the address gate allowed a moment ago. */
import type { CheckedTarget } from '../../core/address.ts';
import type { Clock } from '../../ports.ts';

const MAX_REMEMBERED = 10_000;

export interface Verdicts {
  recall(url: string): CheckedTarget | null;
  remember(url: string, target: CheckedTarget): void;
}

/**
 * Remembers allowed targets by URL for `keepMs`. That spares a busy receiver a lookup for each request, and is safe:
 * connections only ever lead to the addresses that were judged, whatever the name says meanwhile. Refusals are never
 * remembered.
 */
export function createVerdicts(clock: Clock, keepMs: number): Verdicts {
  const remembered = new Map<string, { target: CheckedTarget; untilMs: number }>();
  return {
    recall(url) {
      const verdict = remembered.get(url);
      if (verdict === undefined) return null;
      if (clock.monotonicMs() < verdict.untilMs) return verdict.target;
      remembered.delete(url);
      return null;
    },
    remember(url, target) {
      if (keepMs <= 0) return;
      const [oldest] = remembered.size < MAX_REMEMBERED ? [] : remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
      remembered.set(url, { target, untilMs: clock.monotonicMs() + keepMs });
    },
  };
}
