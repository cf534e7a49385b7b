import { afterAttempt } from '../core/health.ts';
import type { Id } from '../core/ids.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import type { Health, Settlement } from '../ports.ts';

/** Health of each subscription this process sends for, begun from what the configuration was read with. */
export interface HealthBook {
  /** Counts an attempt; the new health when it has to be written with this settlement, else null. */
  after(subscription: LiveSubscription, settlement: Settlement): Health | null;
  /** What changed since it was last written, for the regular write that keeps "last" fields fresh. */
  takeChanged(): ReadonlyMap<Id, Health>;
}

/** An empty health book. */
export function createHealthBook(): HealthBook {
  const book = new Map<Id, Health>();
  let changed = new Map<Id, Health>();
  return {
    after(subscription, { attempt, ticket }) {
      if (attempt === null || ticket.kind === 'test') return null;
      const before = book.get(subscription.id) ?? subscription.health;
      const health = afterAttempt(before, attempt);
      book.set(subscription.id, health);
      // Streaks travel with the settlement that changes them; successes in a row wait for the regular write.
      if (health.consecutiveFailures !== before.consecutiveFailures || !attempt.delivered) {
        changed.delete(subscription.id);
        return health;
      }
      changed.set(subscription.id, health);
      return null;
    },
    takeChanged() {
      const taken = changed;
      changed = new Map();
      return taken;
    },
  };
}
