/** What the routes of a single subscription share: finding it and showing it. */
import { NO_HEALTH } from '../../core/health.ts';
import { type Id, shardOf } from '../../core/ids.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { LiveSubscription } from '../../flows/configuration.ts';
import { withLack } from '../../flows/credentials.ts';
import type { Health } from '../../ports.ts';
import { etag } from '../etag.ts';
import type { Server } from '../options.ts';
import { type Answer, answer } from '../respond.ts';
import { type ShownCircuit, showCircuit } from '../show/circuit.ts';
import { showSubscription } from '../show/subscription.ts';

export const BASE = '/api/v1/webhook-subscriptions';
export const ONE = `${BASE}/{id}`;
export const TAG = 'Subscriptions';

export type Found = { kind: 'found'; subscription: LiveSubscription } | Problem;

/** A subscription of this tenant, or `not_found`. */
export async function find(server: Server, tenant: Id, id: Id): Promise<Found> {
  const { subscriptions } = await server.ports.configuration.current(tenant);
  const subscription = subscriptions.get(id);
  if (subscription === undefined) return problem('not_found');
  return { kind: 'found', subscription: await withLack(server.ports, subscription) };
}

/** What happened last to it, as the store knows it. */
export async function healthOf(server: Server, { tenant, id }: LiveSubscription): Promise<Health> {
  return (await server.ports.store.health(tenant, [id])).get(id) ?? NO_HEALTH;
}

/** What deliveries have made of a subscription. */
export interface Course {
  health: Health;
  circuit: ShownCircuit | null;
}

/** The course of one that nothing was sent to. */
export function courseOfNew(subscription: LiveSubscription): Course {
  return { health: NO_HEALTH, circuit: showCircuit(subscription, null, subscription.createdAtMs) };
}

/** The same as it stands in the store: whichever process sends tells it there. */
export async function courseOf(server: Server, subscription: LiveSubscription): Promise<Course> {
  const { store, clock } = server.ports;
  const shard = shardOf(subscription.id, store.shards);
  const [health, lane] = await Promise.all([healthOf(server, subscription), store.lane(subscription.id, shard)]);
  return { health, circuit: showCircuit(subscription, lane, clock.nowMs()) };
}

/** The answer that shows a subscription, with its ETag. */
export function shownAnswer(
  { ports }: Server,
  status: number,
  subscription: LiveSubscription,
  { health, circuit }: Course,
  generatedSecret: string | null = null,
): Answer {
  const shown = { ...showSubscription(ports, subscription, health, generatedSecret), circuit };
  return answer(status, shown, { headers: etag(subscription.version) });
}
