import { REDACTED } from '../../core/header.ts';
import type { Id } from '../../core/ids.ts';
import { receives } from '../../core/owner.ts';
import { problem } from '../../core/problem.ts';
import type { SubscriptionInput } from '../../core/subscription-input.ts';
import { changeSubscription } from '../../flows/change-subscription.ts';
import type { LiveSubscription } from '../../flows/configuration.ts';
import { createSubscription, type Made } from '../../flows/create-subscription.ts';
import { withLack } from '../../flows/credentials.ts';
import { deleteSubscription } from '../../flows/delete-subscription.ts';
import { testSubscription } from '../../flows/test-subscription.ts';
import { MAY_CHANGE, MAY_READ } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { answerOf, REPLAYED } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, pageOf, readPage } from '../page.ts';
import { pagingQuery, readPaging } from '../paging.ts';
import { anyObject, givenFields, readPatch } from '../patch.ts';
import { answer, NO_CONTENT, type Reply } from '../respond.ts';
import { testInput, testShown } from '../schemas/delivery.ts';
import { ownerQuery } from '../schemas/owner.ts';
import { subscriptionInput, subscriptionPatch, subscriptionShown } from '../schemas/subscription.ts';
import { z } from '../schemas/zod.ts';
import { showTest } from '../show/attempt.ts';
import { MOVING_FIELDS, showSubscription } from '../show/subscription.ts';
import { BASE, courseOf, courseOfNew, find, healthOf, ONE, shownAnswer, TAG } from './one-subscription.ts';
import { subscriptionStateEndpoints } from './subscription-states.ts';

const URL_PROBLEMS = ['url_refused', 'url_unresolved', 'url_unresolved_timeout'] as const;

/** `/api/v1/webhook-subscriptions`. */
export function subscriptionEndpoints(server: Server): readonly Endpoint[] {
  const one = [get(server), change(server), remove(server), test(server)];
  return [create(server), list(server), ...one, ...subscriptionStateEndpoints(server)];
}

function create(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: BASE,
    operationId: 'createSubscription',
    tag: TAG,
    summary: 'Subscribe a receiver to events',
    roles: MAY_CHANGE,
    body: subscriptionInput,
    success: { status: 201, description: 'The subscription.', schema: subscriptionShown },
    problems: URL_PROBLEMS,
    run: async ({ caller, body, claims }) => {
      const { enabled = true, ...input } = body;
      const show = ({ subscription, generatedSecret }: Made) => {
        const made = shownAnswer(server, 201, subscription, courseOfNew(subscription), generatedSecret);
        return { ...made, headers: { ...made.headers, Location: `${BASE}/${subscription.id}` } };
      };
      const outcome = await createSubscription(server.ports, {
        tenant: caller.tenant,
        by: caller.id,
        input,
        enabled,
        claims: (made) => claims.for(show(made)),
      });
      return answerOf(outcome, claims, show);
    },
  });
}

function list(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: BASE,
    operationId: 'listSubscriptions',
    tag: TAG,
    summary: 'List subscriptions, newest first',
    roles: MAY_READ,
    query: pagingQuery.extend({
      owner: ownerQuery,
      state: z.enum(['active', 'paused', 'disabled']).optional(),
    }),
    success: { status: 200, description: 'A page of subscriptions.', schema: z.array(subscriptionShown) },
    problems: [],
    run: async ({ caller, query }) => {
      const asked = readPaging(query);
      if (asked.kind === 'problem') return asked;
      const { subscriptions } = await server.ports.configuration.current(caller.tenant);
      const wanted = [...subscriptions.values()].filter((subscription) => isAskedFor(subscription, query));
      const page = await readPage(
        asked,
        (paging) => pageOf(wanted, paging),
        ({ id }) => id,
      );
      const rows = await Promise.all(page.rows.map((row) => withLack(server.ports, row)));
      const health = await server.ports.store.health(
        caller.tenant,
        rows.map(({ id }) => id),
      );
      return listAnswer({ ...page, rows }, (row) =>
        JSON.stringify(showSubscription(server.ports, row, health.get(row.id))),
      );
    },
  });
}

function isAskedFor(
  { config, state }: LiveSubscription,
  asked: { owner?: string | undefined; state?: string | undefined },
): boolean {
  if (asked.owner !== undefined && !receives(asked.owner, config?.owner ?? null)) return false;
  return asked.state === undefined || state.kind === asked.state;
}

function get(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: ONE,
    operationId: 'getSubscription',
    tag: TAG,
    summary: 'Show a subscription',
    roles: MAY_READ,
    success: { status: 200, description: 'The subscription, with its ETag.', schema: subscriptionShown },
    problems: [],
    run: async ({ caller, id }) => {
      const found = await find(server, caller.tenant, id);
      if (found.kind === 'problem') return found;
      return shownAnswer(server, 200, found.subscription, await courseOf(server, found.subscription));
    },
  });
}

function change(server: Server): Endpoint {
  return keyed(server, {
    method: 'PATCH',
    path: ONE,
    operationId: 'changeSubscription',
    tag: TAG,
    summary: 'Change a subscription',
    roles: MAY_CHANGE,
    conditional: true,
    body: anyObject,
    documentedBody: subscriptionPatch,
    success: { status: 200, description: 'The subscription as it stands now.', schema: subscriptionShown },
    problems: [...URL_PROBLEMS, 'secret_unavailable'],
    run: async ({ caller, id, body, ifVersion }) => {
      const found = await find(server, caller.tenant, id);
      if (found.kind === 'problem') return found;
      const { subscription } = found;
      const shown = showSubscription(server.ports, subscription, await healthOf(server, subscription));
      const fields = readPatch(subscriptionPatch, body, shown, MOVING_FIELDS);
      if (fields.kind === 'problem') return fields;
      const { enabled, ...patch } = fields.fields;
      const outcome = await changeSubscription(server.ports, {
        tenant: caller.tenant,
        id,
        patch: unredacted(givenFields(patch), subscription),
        ...(enabled === undefined ? {} : { enabled }),
        ifVersion,
      });
      if (outcome.kind === 'problem') return outcome;
      // Enabling ends a streak.
      const course = await courseOf(server, outcome.subscription);
      return shownAnswer(server, 200, outcome.subscription, course, outcome.generatedSecret);
    },
  });
}

/** The patch with the stored value of each header that is sent back as it was shown. */
function unredacted(
  patch: Partial<SubscriptionInput>,
  { config }: Pick<LiveSubscription, 'config'>,
): Partial<SubscriptionInput> {
  if (patch.headers === undefined || config === null) return patch;
  // Clients write names in a case of their own.
  const stored = new Map(Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const headers = Object.entries(patch.headers).map(([name, value]) => [
    name,
    value === REDACTED ? (stored.get(name.toLowerCase()) ?? value) : value,
  ]);
  return { ...patch, headers: Object.fromEntries(headers) };
}

function remove(server: Server): Endpoint {
  return keyed(server, {
    method: 'DELETE',
    path: ONE,
    operationId: 'deleteSubscription',
    tag: TAG,
    summary: 'Delete a subscription',
    description: 'Nothing more is sent after the 204; where several processes send, after a second.',
    roles: MAY_CHANGE,
    conditional: true,
    success: { status: 204, description: 'Deleted.' },
    problems: [],
    run: async ({ caller, id, ifVersion }) => {
      const outcome = await deleteSubscription(server.ports, { tenant: caller.tenant, id, ifVersion });
      return outcome.kind === 'problem' ? outcome : NO_CONTENT;
    },
  });
}

function test(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/test`,
    operationId: 'testSubscription',
    tag: TAG,
    summary: 'Send a sample event and wait for the answer',
    description: 'The receiver failing is a result, not an error: 200 with `data.success: false` and the reason.',
    roles: MAY_CHANGE,
    body: testInput,
    success: { status: 200, description: 'What the receiver answered.', schema: testShown },
    problems: ['secret_unavailable'],
    run: async ({ caller, id, body, claims }) => {
      const outcome = await testSubscription(server.ports, {
        tenant: caller.tenant,
        id,
        event: body.event,
        by: caller.id,
        claims: ({ deliveryId }) => claims.begin(deliveryId),
      });
      if (outcome.kind === 'problem') return outcome;
      if (outcome.kind === 'repeated') return begunTest(server, caller.tenant, claims.begun(outcome.answer));
      return answer(200, showTest(outcome.deliveryId, outcome.attempt));
    },
  });
}

/** What came of a test that the first request with the same key began, in this process or another one. */
async function begunTest({ ports }: Server, tenant: Id, deliveryId: Id | null): Promise<Reply> {
  if (deliveryId === null) return problem('secret_unavailable');
  const view = await ports.store.delivery(tenant, deliveryId);
  if (view === null) return problem('not_found');
  if (view.last === null) return problem('idempotency_running', { retryAfterSeconds: 1 });
  return answer(200, showTest(deliveryId, view.last), { headers: REPLAYED });
}
