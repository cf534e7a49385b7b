/** One process of a simulation: the real worker and the real flows over the store of all of them. */
import { authorities } from '../../src/adapters/authorities.ts';
import { createSealer } from '../../src/adapters/keyring.ts';
import { createMac } from '../../src/adapters/mac.ts';
import type { Id } from '../../src/core/ids.ts';
import { createAuthenticate } from '../../src/flows/authenticate.ts';
import { createConfigurationCache, type FlowPorts } from '../../src/flows/configuration.ts';
import type { Clock, Log, Metrics, OutboundRequest, Ports, Store } from '../../src/ports.ts';
import { createWorker, type Worker } from '../../src/worker/loop.ts';
import { allowed, NO_REFERENCES } from '../support/ports.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Dice } from './dice.ts';
import { observing } from './ledger.ts';
import { moodOf, type Outside, simulatedSender } from './receivers.ts';
import { complain, type Records } from './record.ts';
import { slowStore } from './slow-store.ts';
import { LIMITS } from './waits.ts';
import { arrives, begins, ends } from './watch.ts';

/** What outlives processes. */
export interface Site {
  readonly clock: VirtualClock;
  readonly dice: Dice;
  readonly store: Store;
  readonly records: Records;
  readonly tenants: readonly Id[];
  /** From then on all receivers are well. */
  healedAtMs: number;
  /** Whether requests to the store take time; not while the scenario is set up. */
  slow: boolean;
}

export interface Process {
  readonly ports: FlowPorts;
  readonly worker: Worker;
  alive: boolean;
}

const SEALING_KEY = { id: '00112233445566aa', key: new Uint8Array(32).fill(7) };

/** Makes a process; nothing of it runs before `worker.start`. */
export function createProcess(site: Site): Process {
  const alive = () => made.alive;
  const clock: Clock = {
    ...site.clock,
    after: (delayMs, run) => site.clock.after(delayMs, () => alive() && run()),
    soon: (run) => site.clock.soon(() => alive() && run()),
  };
  const base = {
    clock,
    random: site.dice,
    mac: createMac(),
    sealer: createSealer({ active: SEALING_KEY, keys: [SEALING_KEY] }),
    gate: { vet: async (url: string) => allowed(url) },
    sender: simulatedSender(outside(site, clock)),
    secretReferences: NO_REFERENCES,
    authorities,
    log: watchedLog(site.records),
    metrics: watchedMetrics(site.records),
    store: slowStore(site.store, {
      clock: site.clock,
      dice: site.dice,
      maxMs: () => (site.slow ? site.records.scenario.storeMs : 0),
      alive,
      observe: observing(site.records),
    }),
  } satisfies Partial<Ports>;
  const configuration = createConfigurationCache(base);
  const worker = createWorker({ ...base, configuration }, { limits: LIMITS[site.records.scenario.limits] });
  const authenticate = createAuthenticate(base, new Map());
  const made: Process = { ports: { ...base, configuration, authenticate, dispatch: worker }, worker, alive: true };
  return made;
}

/** Starts a process as the program is started. */
export async function startProcess(site: Site, { ports, worker }: Process): Promise<void> {
  await Promise.all(site.tenants.map((tenant) => ports.configuration.refresh(tenant)));
  await worker.start();
}

/** Where the receiver of a subscription stands. */
export function urlOf(index: number): string {
  return `https://receiver.example/${index}`;
}

function outside(site: Site, clock: Clock): Outside {
  const { records } = site;
  return {
    clock,
    dice: site.dice,
    begins(request) {
      const delivery = records.deliveries.get(headerOf(request, 'hookyard-delivery') ?? '');
      if (delivery === undefined) throw new Error(`nobody knows of a request to ${request.url}`);
      const n = Number(headerOf(request, 'hookyard-attempt'));
      const sequence = headerOf(request, 'hookyard-sequence');
      const begun = begins(records, delivery, n, sequence === undefined ? null : Number(sequence));
      const { plan } = delivery.receiver;
      const isHealed = records.nowMs() >= site.healedAtMs;
      const behaviour = isHealed ? ({ kind: 'healthy', latencyMs: 40 } as const) : plan.receiver;
      const sending = { deliveryId: delivery.id, n, key: delivery.eventKey, ordinal: delivery.ordinal };
      return {
        mood: moodOf(behaviour, sending, records.nowMs() / 1000),
        arrives: () => arrives(records, begun),
        ends: (answer) => ends(records, begun, answer),
      };
    },
  };
}

function headerOf({ headers }: OutboundRequest, name: string): string | undefined {
  return Object.entries(headers).find(([own]) => own.toLowerCase() === name)?.[1];
}

/** An error is a bug, whatever came of it. */
function watchedLog(records: Records): Log {
  const ignore = () => {};
  const error: Log['error'] = (event, fields) => {
    const cause = fields?.error instanceof Error ? fields.error.stack : JSON.stringify(fields);
    complain(records, null, `the log has ${event}: ${cause}`);
  };
  return { debug: ignore, info: ignore, warn: ignore, error };
}

function watchedMetrics(records: Records): Metrics {
  return {
    count: () => {},
    observe: () => {},
    gauge(name, value) {
      if (name === 'deliveries_queued') records.mostQueued = Math.max(records.mostQueued, value);
    },
    expose: async () => '',
  };
}
