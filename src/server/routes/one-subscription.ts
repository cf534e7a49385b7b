/** What the routes of a single subscription share: finding it and showing it. */
import { NO_HEALTH } from '../../core/health.ts';
import type { Id } from '../../core/ids.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { LiveSubscription } from '../../flows/configuration.ts';
import { withLack } from '../../flows/credentials.ts';
import type { Health } from '../../ports.ts';
import { etag } from '../etag.ts';
import type { Server } from '../options.ts';
import { type Answer, answer } from '../respond.ts';
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

/** The answer that shows a subscription, with its ETag. */
export function shownAnswer(
  status: number,
  subscription: LiveSubscription,
  health: Health,
  generatedSecret: string | null = null,
): Answer {
  const headers = etag(subscription.version);
  return answer(status, showSubscription(subscription, health, generatedSecret), { headers });
}
