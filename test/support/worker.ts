/** A worker over the memory store and a stepped clock, for its tests. */
import assert from 'node:assert/strict';
import type { Answer } from '../../src/core/attempt.ts';
import { DEFAULT_TENANT, type Id } from '../../src/core/ids.ts';
import { createSubscription } from '../../src/flows/create-subscription.ts';
import { publish } from '../../src/flows/publish.ts';
import type { DeliveryView, OutboundRequest, Ports } from '../../src/ports.ts';
import { createWorker, DEFAULT_LIMITS, type Worker, type WorkerOptions } from '../../src/worker/loop.ts';
import { answered, type FakePorts, fakePorts } from './ports.ts';

const SECRET = 'a-secret-of-sixteen-bytes';

export interface Yard {
  ports: FakePorts;
  worker: Worker;
  subscribe(more?: { maxConcurrency?: number; maxRetries?: number; profile?: 'standard' }): Promise<Id>;
  publish(n: number): Promise<void>;
  deliveries(): Promise<readonly DeliveryView[]>;
  statuses(): Promise<string[]>;
}

/** A worker over the memory store and a stepped clock; what flows hand over reaches it. */
export function yard(options: Partial<WorkerOptions> = {}, overrides: Partial<Ports> = {}): Yard {
  let worker: Worker | null = null;
  const ports = fakePorts({
    dispatch: {
      offer: (handover) => worker?.offer(handover),
      configurationChanged: (tenant) => worker?.configurationChanged(tenant),
      withdraw: (deliveryId) => worker?.withdraw(deliveryId),
      recall: (ticket) => worker?.recall(ticket) ?? 'unknown',
      hold: (id) => worker?.hold(id) ?? null,
    },
    ...overrides,
  });
  worker = createWorker(ports, { limits: DEFAULT_LIMITS, ...options });
  const made = worker;
  const deliveries = () => ports.store.deliveries({ tenant: DEFAULT_TENANT, limit: 1000 });
  return {
    ports,
    worker: made,
    async subscribe({ maxConcurrency = 8, maxRetries = 1, ...more } = {}) {
      const input = {
        name: 'n',
        url: 'https://receiver.example/hook',
        signatureSecret: SECRET,
        maxConcurrency,
        ...more,
      };
      const retryPolicy = { maxRetries, backoffType: 'fixed', backoffSeconds: 10 } as const;
      const outcome = await createSubscription(ports, {
        tenant: DEFAULT_TENANT,
        by: null,
        input: { ...input, retryPolicy },
        enabled: true,
      });
      return outcome.kind === 'created' ? outcome.subscription.id : assert.fail(JSON.stringify(outcome));
    },
    async publish(n) {
      for (let at = 0; at < n; at++) {
        const data = new TextEncoder().encode(`{"at":${at}}`);
        const input = { tenant: DEFAULT_TENANT, type: 'a.b', data, value: { at }, bodyHash: () => data };
        const outcome = await publish(ports, input);
        assert.equal(outcome.kind, 'accepted');
      }
    },
    deliveries,
    statuses: async () =>
      (await deliveries()).map((view) => (view.open === null ? (view.last?.closes ?? '?') : 'open')),
  };
}

/** Lets what is ready happen once. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything that waits for nothing but promises happen. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await pause();
}

/** Moves the clock in steps, letting what falls due happen. */
export async function pass(ports: FakePorts, ms: number, stepMs = 250): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    ports.clock.advance(stepMs);
    await quiet();
  }
}

/** A sender whose answers are given by hand. */
export function heldSender() {
  const held: { request: OutboundRequest; answer(answer: Answer): void }[] = [];
  const sender: Ports['sender'] = {
    send: (request) => new Promise((resolve) => held.push({ request, answer: resolve })),
    sockets: () => held.length,
    close: async () => {
      for (const one of held) one.answer(answered(503));
    },
  };
  return { sender, held };
}
