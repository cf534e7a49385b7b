import { createMemoryStore } from '../../src/adapters/memory/store.ts';
import type { StoreUnderTest } from '../store-contract/harness.ts';

/** A memory store on a clock of its own. It has nothing to lose to a crash: `crash` leaves it as it is. */
export async function openMemoryForTest(options: { shards?: number } = {}): Promise<StoreUnderTest> {
  let nowMs = Date.UTC(2026, 2, 1);
  const store = createMemoryStore({ now: () => nowMs, ...options });
  return {
    store,
    advance: async (ms) => {
      nowMs += ms;
    },
    crash: async () => {},
    close: () => store.close(),
  };
}
