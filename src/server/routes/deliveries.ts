import { DELIVERY_STATUSES } from '../../core/attempt.ts';
import { isEventType } from '../../core/event.ts';
import { type Id, isId } from '../../core/ids.ts';
import { problem } from '../../core/problem.ts';
import { cancelDelivery } from '../../flows/cancel-delivery.ts';
import { pastRequest } from '../../flows/past-request.ts';
import { redeliver } from '../../flows/redeliver.ts';
import type { DeliveryQuery } from '../../ports.ts';
import { MAY_CHANGE, MAY_READ } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { EVENT_TYPE_WORDS } from '../event-rules.ts';
import { answerOf } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, readPage } from '../page.ts';
import { pagingQuery, readPaging } from '../paging.ts';
import { answer, type Reply } from '../respond.ts';
import { attemptShown, deliveryShown, redelivered } from '../schemas/delivery.ts';
import { LISTED_BODIES } from '../schemas/envelope.ts';
import { z } from '../schemas/zod.ts';
import { showAttempt } from '../show/attempt.ts';
import { deliveryShower } from '../show/delivery.ts';
import { LISTED_BODY_BYTES } from '../show/text.ts';
import { timeInput } from '../time-input.ts';

const BASE = '/api/v1/deliveries';
const ONE = `${BASE}/{id}`;
const TAG = 'Deliveries';

const idInput = z.string().refine(isId, { error: 'An id as the API shows it.' });

const filters = {
  status: z
    .enum([...DELIVERY_STATUSES, 'undelivered'])
    .optional()
    .openapi({ description: '`undelivered`: open, failed or expired.' }),
  type: z.string().refine(isEventType, { error: EVENT_TYPE_WORDS }).optional(),
  since: timeInput.optional().openapi({ description: 'Made at this time or later.' }),
  until: timeInput.optional().openapi({ description: 'Made before this time.' }),
};
const ofSubscription = pagingQuery.extend(filters);
const ofTenant = ofSubscription.extend({ subscriptionId: idInput.optional(), eventId: idInput.optional() });

/** `/api/v1/deliveries`, and the deliveries of one subscription. */
export function deliveryEndpoints(server: Server): readonly Endpoint[] {
  return [list(server), listOfSubscription(server), get(server), attempts(server), again(server), cancel(server)];
}

type Wanted = Omit<z.output<typeof ofTenant>, 'page' | 'pageSize' | 'cursor' | 'limit'>;

function queryOf(tenant: Id, { since, until, ...wanted }: Wanted): Omit<DeliveryQuery, 'limit'> {
  const { status, type, subscriptionId, eventId } = wanted;
  return {
    tenant,
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(eventId === undefined ? {} : { eventId }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  };
}

async function page(server: Server, tenant: Id, query: z.output<typeof ofTenant>): Promise<Reply> {
  const asked = readPaging(query);
  if (asked.kind === 'problem') return asked;
  const wanted = queryOf(tenant, query);
  const read = await readPage(
    asked,
    (paging) => server.ports.store.deliveries({ ...wanted, ...paging }),
    ({ deliveryId }) => deliveryId,
  );
  const show = deliveryShower(server.ports, tenant, LISTED_BODY_BYTES);
  return listAnswer(read, async (row) => JSON.stringify(await show(row)));
}

function list(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: BASE,
    operationId: 'listDeliveries',
    tag: TAG,
    summary: 'List deliveries, newest first',
    description: LISTED_BODIES,
    roles: MAY_READ,
    query: ofTenant,
    success: { status: 200, description: 'A page of deliveries.', schema: z.array(deliveryShown) },
    problems: [],
    run: ({ caller, query }) => page(server, caller.tenant, query),
  });
}

function listOfSubscription(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: '/api/v1/webhook-subscriptions/{id}/deliveries',
    operationId: 'listSubscriptionDeliveries',
    tag: TAG,
    summary: 'List the deliveries of a subscription, newest first',
    description: LISTED_BODIES,
    roles: MAY_READ,
    query: ofSubscription,
    success: { status: 200, description: 'A page of deliveries.', schema: z.array(deliveryShown) },
    problems: [],
    run: async ({ caller, id, query }) => {
      const { subscriptions } = await server.ports.configuration.current(caller.tenant);
      if (!subscriptions.has(id)) return problem('not_found');
      return page(server, caller.tenant, { ...query, subscriptionId: id });
    },
  });
}

function get(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: ONE,
    operationId: 'getDelivery',
    tag: TAG,
    summary: 'Show a delivery',
    roles: MAY_READ,
    success: { status: 200, description: 'The delivery.', schema: deliveryShown },
    problems: [],
    run: async ({ caller, id }) => {
      const view = await server.ports.store.delivery(caller.tenant, id);
      if (view === null) return problem('not_found');
      return answer(200, await deliveryShower(server.ports, caller.tenant)(view));
    },
  });
}

function attempts(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: `${ONE}/attempts`,
    operationId: 'listAttempts',
    tag: TAG,
    summary: 'Show every attempt of a delivery, first to last',
    roles: MAY_READ,
    success: { status: 200, description: 'The attempts.', schema: z.array(attemptShown) },
    problems: [],
    run: async ({ caller, id }) => {
      const { ports } = server;
      const view = await ports.store.delivery(caller.tenant, id);
      const stored = view === null ? null : await ports.store.event(caller.tenant, view.event.id);
      if (view === null || stored === null) return problem('not_found');
      const made = await ports.store.attempts(caller.tenant, id);
      const shown = made.map(async (attempt) =>
        showAttempt(attempt, await pastRequest(ports, attempt, stored.event, view.kind)),
      );
      return answer(200, await Promise.all(shown));
    },
  });
}

function again(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/redeliver`,
    operationId: 'redeliver',
    tag: TAG,
    summary: 'Send the same event to the same subscription again',
    description: 'A new delivery with the same data; the schedule of the first is left as it is.',
    roles: MAY_CHANGE,
    success: { status: 202, description: 'The new delivery.', schema: redelivered },
    problems: ['subscription_disabled'],
    run: async ({ caller, id, claims }) => {
      const show = ({ deliveryId }: { deliveryId: Id }) =>
        answer(202, { deliveryId, redeliverOf: id }, { headers: { Location: `${BASE}/${deliveryId}` } });
      const outcome = await redeliver(server.ports, {
        tenant: caller.tenant,
        id,
        by: caller.id,
        claims: (made) => claims.for(show(made)),
      });
      return answerOf(outcome, claims, show);
    },
  });
}

function cancel(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/cancel`,
    operationId: 'cancelDelivery',
    tag: TAG,
    summary: 'Cancel an open delivery',
    description:
      'A try that is on its way may still arrive. Where several processes send, so may one that was about to begin.',
    roles: MAY_CHANGE,
    success: { status: 200, description: 'The delivery as it stands now.', schema: deliveryShown },
    problems: ['delivery_closed'],
    run: async ({ caller, id }) => {
      const outcome = await cancelDelivery(server.ports, { tenant: caller.tenant, id, by: caller.id });
      if (outcome.kind === 'problem') return outcome;
      const view = await server.ports.store.delivery(caller.tenant, id);
      if (view === null) return problem('not_found');
      return answer(200, await deliveryShower(server.ports, caller.tenant)(view));
    },
  });
}
