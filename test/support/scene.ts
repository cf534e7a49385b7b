/** Two processes on one store with two shards, and subscriptions in the one or the other. */
import { DEFAULT_TENANT, type Id, shardOf } from '../../src/core/ids.ts';
import type { SubscriptionInput } from '../../src/core/subscription-input.ts';
import { changeSubscription } from '../../src/flows/change-subscription.ts';
import { type ClusterYard, clusterYard, type Node, type Sent } from './cluster.ts';
import { emit, subscribe } from './flows.ts';

const tenant = DEFAULT_TENANT;
export const SHARDS = 2;
/** Policies of retries that are easily told apart. */
export const NO_RETRY = { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 10 } as const;
export const RETRY = { maxRetries: 5, backoffType: 'fixed', backoffSeconds: 5 } as const;

export interface Scene {
  readonly yard: ClusterYard;
  readonly a: Node;
  readonly b: Node;
  /** A subscription to events of a type of its own, in the shard of `owner`; or in a shard, whoever has it. */
  subscription(type: string, at: Node | number, changes?: Partial<SubscriptionInput>): Promise<Id>;
  /** Publishes `{"n": …}` through a process. */
  publish(by: Node, type: string, values: readonly number[], orderingKey?: string): Promise<void>;
  /** What was sent of a type, in order. */
  sentOf(type: string): Sent[];
}

/** Two processes with a shard each; one alone has both until the other begins. */
export async function scene(begun: 'both' | 'one' = 'both'): Promise<Scene> {
  const yard = clusterYard(SHARDS);
  const [a, b] = [yard.join('a'), yard.join('b')];
  await a.start();
  if (begun === 'both') await b.start();
  await yard.pass(2000);
  return {
    yard,
    a,
    b,
    async subscription(type, at, changes = {}) {
      for (;;) {
        const { id } = await subscribe(a.ports, { url: `https://r.example/${type}`, events: ['none'], ...changes });
        const shard = shardOf(id, SHARDS);
        if (typeof at === 'number' ? at !== shard : !at.worker.holds(shard)) continue;
        await change(a, id, type);
        await yard.pass(1000);
        return id;
      }
    },
    async publish(by, type, values, orderingKey) {
      const key = orderingKey === undefined ? {} : { orderingKey };
      for (const n of values) {
        await emit(by.ports, { type, value: { n }, ...key });
        // Those of one millisecond are in no order.
        await yard.pass(1);
      }
    },
    sentOf: (type) => yard.sent.filter(({ request }) => request.url.endsWith(`/${type}`)),
  };
}

async function change({ ports }: Node, id: Id, type: string): Promise<void> {
  await changeSubscription(ports, { tenant, id, patch: { events: [type] }, ifVersion: null });
}

/** Which of the events each was. */
export function valuesOf(sent: readonly Sent[]): number[] {
  return sent.map(({ value }) => value);
}

/** How each delivery stands. */
export async function closings({ yard }: Scene): Promise<string[]> {
  return (await yard.deliveries()).map(({ last, open }) => (open === null ? (last?.closes ?? '?') : 'open'));
}
