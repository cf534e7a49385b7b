import { isEventType } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import { isOwnerPath } from '../../core/owner.ts';
import { problem } from '../../core/problem.ts';
import type { StoredEvent } from '../../ports.ts';
import { MAY_PUBLISH, MAY_READ } from '../auth.ts';
import type { Endpoint, RouteSpec } from '../endpoint.ts';
import { EVENT_TYPE_WORDS, OWNER_WORDS } from '../event-rules.ts';
import { KEY_HEADER } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, pagingQuery, readPaging } from '../paging.ts';
import { publishRequest } from '../publish-route.ts';
import { answerText } from '../respond.ts';
import { deliveryShown } from '../schemas/delivery.ts';
import { eventAccepted, eventInput, eventShown } from '../schemas/event.ts';
import { z } from '../schemas/zod.ts';
import { deliveryShower } from '../show/delivery.ts';
import { showEvent } from '../show/event.ts';
import { LISTED_BODY_BYTES } from '../show/text.ts';
import { timeInput } from '../time-input.ts';

/** How many of an event's deliveries are shown with it; the rest stand at `/deliveries?eventId=`. */
const MAX_SHOWN_DELIVERIES = 200;

const eventsQuery = pagingQuery.extend({
  type: z.string().refine(isEventType, { error: EVENT_TYPE_WORDS }).optional(),
  owner: z.string().refine(isOwnerPath, { error: OWNER_WORDS }).optional(),
  since: timeInput.optional().openapi({ description: 'Accepted at this time or later.' }),
  until: timeInput.optional().openapi({ description: 'Accepted before this time.' }),
});

const eventWithDeliveries = eventShown
  .extend({
    configVersion: z.int(),
    targets: z.array(z.object({ subscriptionId: z.string(), subscriptionVersion: z.int(), deliveryId: z.string() })),
    deliveries: z.array(deliveryShown),
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
    'validation_failed',
    'idempotency_mismatch',
    'secret_unavailable',
    'overloaded',
    'store_unavailable',
    'internal',
  ],
};

/** `/api/v1/events`. */
export function eventEndpoints(server: Server): readonly Endpoint[] {
  const publish: Endpoint = {
    spec: publishSpec,
    handle: (request) =>
      publishRequest(server, {
        authorization: request.header('authorization'),
        idempotencyKey: request.header('idempotency-key'),
        contentType: request.header('content-type'),
        query: request.url.searchParams,
        read: request.read,
        stay: request.stay,
      }),
  };
  return [publish, listEvents(server), getEvent(server)];
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
      const events = await server.ports.store.events({
        tenant: caller.tenant,
        ...asked.paging,
        ...(type === undefined ? {} : { type }),
        ...(owner === undefined ? {} : { owner }),
        ...(since === undefined ? {} : { sinceMs: since }),
        ...(until === undefined ? {} : { untilMs: until }),
      });
      return listAnswer(
        asked,
        events,
        ({ id }) => id,
        (event) => showEvent(event),
      );
    },
  });
}

function getEvent(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: '/api/v1/events/{id}',
    operationId: 'getEvent',
    tag: 'Events',
    summary: 'Show an event with its deliveries',
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

async function showStored(server: Server, tenant: Id, { event, configVersion, targets }: StoredEvent): Promise<string> {
  const query = { tenant, eventId: event.id, limit: MAX_SHOWN_DELIVERIES };
  const show = deliveryShower(server.ports, tenant, LISTED_BODY_BYTES);
  const deliveries = await Promise.all((await server.ports.store.deliveries(query)).map(show));
  return showEvent(event, { configVersion, targets: targets.slice(), deliveries });
}
