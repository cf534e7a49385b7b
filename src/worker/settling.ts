/**
 * Settlements on their way to the store. One batch is in flight; what is decided meanwhile forms the next one, so the
 * store commits as fast as it can and never per delivery. Nothing is dropped: a batch that fails is sent again.
 */
import type { Id } from '../core/ids.ts';
import type { Health, Ports, Settlement, SettleOutcome } from '../ports.ts';

export interface Settling {
  /** Hands a settlement over; `settled` is called once with what came of it. */
  add(settlement: Settlement, settled: (outcome: SettleOutcome) => void): void;
  /** Health that changed with, or since, the last settlement. */
  noteHealth(subscriptionId: Id, health: Health): void;
  /** Resolves when the health noted so far is in the store. */
  healthWritten(): Promise<void>;
  /** Settlements that are not in the store yet. */
  pending(): number;
  /** Resolves when everything handed over so far is in the store. */
  flush(): Promise<void>;
}

interface Waiting {
  settlement: Settlement;
  settled: (outcome: SettleOutcome) => void;
}

/** Few enough that what is appended meanwhile hardly waits: a receiver that dies leaves hundreds at once. */
const MAX_BATCH = 128;
const RETRY_MS = 200;

/** A batcher over the store's `settle`. */
export function createSettling(ports: Pick<Ports, 'store' | 'clock' | 'log'>): Settling {
  let waiting: Waiting[] = [];
  let health = new Map<Id, Health>();
  let running = false;
  let pending = 0;
  let idle: (() => void)[] = [];
  let healthWaited: (() => void)[] = [];

  function start(): void {
    if (running) return;
    running = true;
    // The settlements of one turn of the event loop go together.
    queueMicrotask(() => void run());
  }

  async function run(): Promise<void> {
    while (waiting.length > 0 || health.size > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      const batchHealth = health;
      health = new Map();
      const waited = healthWaited;
      healthWaited = [];
      await settleUntilDone(ports, batch, batchHealth, () => pending--);
      for (const resolve of waited) resolve();
    }
    running = false;
    for (const resolve of [...healthWaited, ...idle]) resolve();
    healthWaited = [];
    idle = [];
  }

  return {
    add(settlement, settled) {
      pending++;
      waiting.push({ settlement, settled });
      start();
    },
    noteHealth(subscriptionId, changed) {
      health.set(subscriptionId, changed);
      start();
    },
    healthWritten: () => (running ? new Promise((resolve) => healthWaited.push(resolve)) : Promise.resolve()),
    pending: () => pending,
    flush: () => (running ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  };
}

type SettlePorts = Pick<Ports, 'store' | 'clock' | 'log'>;

async function settleUntilDone(
  ports: SettlePorts,
  batch: readonly Waiting[],
  health: ReadonlyMap<Id, Health>,
  done: () => void,
): Promise<void> {
  const settlements = batch.map(({ settlement }) => settlement);
  for (;;) {
    const outcomes = await ports.store.settle({ settlements, health }).catch((error: unknown) => {
      ports.log.error('settle.failed', { settlements: settlements.length, error });
      return null;
    });
    if (outcomes !== null) {
      batch.forEach((waited, at) => {
        done();
        tell(ports, waited, outcomes[at] ?? { kind: 'lost' });
      });
      return;
    }
    await new Promise<void>((resolve) => ports.clock.after(RETRY_MS, resolve));
  }
}

/** The batch is in the store: a fault of who waits for it must neither repeat it nor stop the others. */
function tell({ log }: Pick<Ports, 'log'>, { settled, settlement }: Waiting, outcome: SettleOutcome): void {
  try {
    settled(outcome);
  } catch (error) {
    log.error('settle.not_noticed', { deliveryId: settlement.ticket.deliveryId, error });
  }
}
