import { createMemoryCluster } from '../../src/adapters/memory/cluster.ts';
import { createMemoryStore } from '../../src/adapters/memory/store.ts';
import type { StoreUnderTest } from '../store-contract/harness.ts';
import { neighboursOf, type ProcessesUnderTest } from '../store-contract/neighbours-harness.ts';

const START_MS = Date.UTC(2026, 2, 1);

/** A memory store on a clock of its own. It has nothing to lose to a crash: `crash` leaves it as it is. */
export async function openMemoryForTest(options: { shards?: number } = {}): Promise<StoreUnderTest> {
  let nowMs = START_MS;
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

/** Several processes on one memory store. */
export async function openMemoryProcesses(options: { shards?: number } = {}): Promise<ProcessesUnderTest> {
  let nowMs = START_MS;
  const cluster = createMemoryCluster({ now: () => nowMs, shards: 4, ...options });
  return {
    start: async () => {
      const { store, die, cut } = cluster.join();
      return { store, neighbours: neighboursOf(store), crash: async () => die(), cut };
    },
    advance: async (ms) => {
      nowMs += ms;
    },
    close: async () => {},
  };
}
