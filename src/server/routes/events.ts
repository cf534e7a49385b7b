import { isEventType } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import { problem } from '../../core/problem.ts';
import { explainStored } from '../../flows/explain.ts';
import type { StoredEvent } from '../../ports.ts';
import { MAY_PUBLISH, MAY_READ } from '../auth.ts';
import { batchRequest } from '../batch-route.ts';
import type { Endpoint, IncomingRequest, RouteSpec } from '../endpoint.ts';
import { EVENT_TYPE_WORDS } from '../event-rules.ts';
import { KEY_HEADER } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, readPage } from '../page.ts';
import { pagingQuery, readPaging } from '../paging.ts';
import { type PublishRequest, publishRequest } from '../publish-route.ts';
import { answerText } from '../respond.ts';
import { deliveryShown } from '../schemas/delivery.ts';
import { batchAccepted, batchInput, eventAccepted, eventInput, eventShown } from '../schemas/event.ts';
import { explained } from '../schemas/explanation.ts';
import { ownerQuery } from '../schemas/owner.ts';
import { z } from '../schemas/zod.ts';
import { deliveryShower } from '../show/delivery.ts';
import { showEvent } from '../show/event.ts';
import { showExplained } from '../show/explanation.ts';
import { LISTED_BODY_BYTES } from '../show/text.ts';
import { timeInput } from '../time-input.ts';
import { explainEndpoint } from './explain.ts';

/** How many of an event's deliveries are shown with it; the rest stand at `/deliveries?eventId=`. */
const MAX_SHOWN_DELIVERIES = 200;

/** Of how many subscriptions it is said with the event why they got it or not. */
const MAX_SHOWN_DECISIONS = 200;

const eventsQuery = pagingQuery.extend({
  type: z.string().refine(isEventType, { error: EVENT_TYPE_WORDS }).optional(),
  owner: ownerQuery,
  since: timeInput.optional().openapi({ description: 'Accepted at this time or later.' }),
  until: timeInput.optional().openapi({ description: 'Accepted before this time.' }),
});

const eventWithDeliveries = eventShown
  .extend({
    configVersion: z.int(),
    targets: z.array(z.object({ subscriptionId: z.string(), subscriptionVersion: z.int(), deliveryId: z.string() })),
    deliveries: z.array(deliveryShown),
    decisions: z.array(explained).openapi({
      description: `Why each subscription got it or not, first those that did not; at most ${MAX_SHOWN_DECISIONS}: \`/events/explain\` says it of more.`,
    }),
  })
  .openapi('EventWithDeliveries');

export const PUBLISH_PATH = '/api/v1/events';

const publishSpec: RouteSpec = {
  method: 'POST',
  path: PUBLISH_PATH,
  operationId: 'publishEvent',
  tag: 'Events',
  summary: 'Publish an event',
  description: 'Answered after the durable commit. The same `id` and body again: 200 with `duplicate: true`.',
  node: 'ingest',
  roles: MAY_PUBLISH,
  body: eventInput,
  headers: { [KEY_HEADER]: 'The same key and body again count once and get the first answer.' },
  success: { status: 202, description: 'Accepted and stored.', schema: eventAccepted },
  alternatives: { 200: 'Accepted before; nothing was added.' },
  problems: [
    'unauthorized',
    'forbidden',
    'not_served_here',
    'unsupported_media_type',
    'unsupported_encoding',
    'body_too_large',
    'invalid_json',
    'json_too_deep',
    'json_too_many',
    'validation_failed',
    'idempotency_mismatch',
    'secret_unavailable',
    'overloaded',
    'store_unavailable',
    'internal',
  ],
};

const batchSpec: RouteSpec = {
  ...publishSpec,
  path: `${PUBLISH_PATH}/batch`,
  operationId: 'publishEvents',
  summary: 'Publish up to 1000 events',
  description:
    'Each event is accepted or refused for itself, as if it had been sent alone; those of one `orderingKey` in their ' +
    'order. With `atomic` they are stored together or not at all. `data` of each is kept byte for byte.',
  body: batchInput,
  headers: {
    [KEY_HEADER]: 'The same key and body again count once, event by event: what failed for the moment is tried again.',
  },
  success: { status: 202, description: 'A result for each event, in their order.', schema: batchAccepted },
  alternatives: {},
  problems: [...publishSpec.problems, 'batch_refused'],
};

/** `/api/v1/events`. */
export function eventEndpoints(server: Server): readonly Endpoint[] {
  const publish: Endpoint = {
    spec: publishSpec,
    handle: (request) => publishRequest(server, publishRequestOf(request)),
  };
  const batch: Endpoint = {
    spec: batchSpec,
    handle: (request) => batchRequest(server, publishRequestOf(request)),
  };
  return [publish, batch, explainEndpoint(server), listEvents(server), getEvent(server)];
}

function publishRequestOf({ header, url, read, stay }: IncomingRequest): PublishRequest {
  return {
    authorization: header('authorization'),
    idempotencyKey: header('idempotency-key'),
    contentType: header('content-type'),
    query: url.searchParams,
    read,
    stay,
  };
}

function listEvents(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: '/api/v1/events',
    operationId: 'listEvents',
    tag: 'Events',
    summary: 'List events, newest first',
    roles: MAY_READ,
    query: eventsQuery,
    success: { status: 200, description: 'A page of events.', schema: z.array(eventShown) },
    problems: [],
    run: async ({ caller, query }) => {
      const asked = readPaging(query);
      if (asked.kind === 'problem') return asked;
      const { type, owner, since, until } = query;
      const wanted = {
        tenant: caller.tenant,
        ...(type === undefined ? {} : { type }),
        ...(owner === undefined ? {} : { owner }),
        ...(since === undefined ? {} : { sinceMs: since }),
        ...(until === undefined ? {} : { untilMs: until }),
      };
      const page = await readPage(
        asked,
        (paging) => server.ports.store.events({ ...wanted, ...paging }),
        ({ id }) => id,
      );
      return listAnswer(page, (event) => showEvent(event));
    },
  });
}

function getEvent(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: '/api/v1/events/{id}',
    operationId: 'getEvent',
    tag: 'Events',
    summary: 'Show an event with its deliveries, and why each subscription got it or not',
    description: 'Bodies of its deliveries are cut at 16 KiB here; the whole of one stands at `/deliveries/{id}`.',
    roles: MAY_READ,
    success: { status: 200, description: 'The event.', schema: eventWithDeliveries },
    problems: [],
    run: async ({ caller, id }) => {
      const stored = await server.ports.store.event(caller.tenant, id);
      if (stored === null) return problem('not_found');
      return answerText(200, await showStored(server, caller.tenant, stored));
    },
  });
}

async function showStored(server: Server, tenant: Id, stored: StoredEvent): Promise<string> {
  const { event, configVersion, targets } = stored;
  const query = { tenant, eventId: event.id, limit: MAX_SHOWN_DELIVERIES };
  const show = deliveryShower(server.ports, tenant, LISTED_BODY_BYTES);
  const deliveries = await Promise.all((await server.ports.store.deliveries(query)).map(show));
  const { subscriptions } = await server.ports.configuration.current(tenant);
  // The history of a deleted subscription is hidden, its share in this event too.
  const standing = targets.slice().filter(({ subscriptionId }) => subscriptions.has(subscriptionId));
  const decisions = (await explainStored(server.ports, stored, MAX_SHOWN_DECISIONS)).explained.map(showExplained);
  return showEvent(event, { configVersion, targets: standing, deliveries, decisions });
}
