/** The doors senders push to. Answers are flat; what is not a door looks the same whatever is wrong with it. */
import { DEFAULT_TENANT } from '../../core/ids.ts';
import { problem } from '../../core/problem.ts';
import { SOURCE_TYPES } from '../../core/source.ts';
import { type Door, type Received, receive } from '../../flows/receive.ts';
import type { Endpoint, IncomingRequest, RouteSpec } from '../endpoint.ts';
import { DOORS, seat } from '../load.ts';
import type { Server } from '../options.ts';
import { type Answer, flatAnswer, type Reply } from '../respond.ts';
import { received } from '../schemas/receipt.ts';

const TYPED = '/api/v1/webhooks/';
const SECRET = '/api/webhook/';

/** Everything below these belongs to the doors, so that a wrong path there tells no more than a wrong key. */
export const INBOUND_PREFIXES = [TYPED, SECRET] as const;

/** Who answers below them. */
export const INBOUND_NODE = 'ingest';

const ROUTES = [...new Set(Object.values(SOURCE_TYPES).map(({ route }) => route))].join(', ');

/** Unknown, disabled, wrong method, wrong key, wrong path: these bytes and headers, without a request id. */
const NO_SUCH_DOOR: Answer = {
  kind: 'answer',
  status: 404,
  headers: {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  },
  body: '{"success":false,"error":"Not found"}',
  bare: true,
};

const shared = {
  method: 'POST',
  tag: 'Inbound',
  node: INBOUND_NODE,
  roles: 'open',
  success: { status: 200, description: 'Stored. `action` says what was made of it.', schema: received, flat: true },
} as const satisfies Partial<RouteSpec>;

const typedSpec: RouteSpec = {
  ...shared,
  path: '/api/v1/webhooks/{route}/{sourceId}',
  operationId: 'receiveTyped',
  summary: 'Receive a push at a source that proves itself by signature or token',
  description: `Routes: ${ROUTES}. An authentic body that cannot be read is stored and answered 200 \`ignored\`.`,
  problems: [
    'bad_signature',
    'body_too_large',
    'unsupported_encoding',
    'secret_unavailable',
    'not_served_here',
    'overloaded',
    'store_unavailable',
    'internal',
  ],
};

const secretSpec: RouteSpec = {
  ...shared,
  path: '/api/webhook/{key}',
  operationId: 'receiveSecret',
  summary: 'Receive a push at a secret URL',
  description: 'Anything wrong with the URL, the method or the source is the same 404.',
  problems: [
    'source_unreadable',
    'body_too_large',
    'unsupported_encoding',
    'secret_unavailable',
    'not_served_here',
    'overloaded',
    'store_unavailable',
    'internal',
  ],
};

/** The inbound doors. Each takes whatever method it is asked with. */
export function inboundEndpoints(server: Server): readonly Endpoint[] {
  return [typedSpec, secretSpec].map((spec) => ({ spec, handle: (request) => takeIn(server, request) }));
}

/** Takes in one request below an inbound prefix. */
export async function takeIn(server: Server, request: IncomingRequest): Promise<Reply> {
  const crowded = seat(server.load, request.stay, DOORS);
  if (crowded !== null) return crowded;
  const read = await request.read(server.limits.receipt);
  if (read.kind === 'problem') return read;
  const taken = await receive(server.ports, {
    tenant: DEFAULT_TENANT,
    door: doorOf(request.url.pathname),
    method: request.method,
    headers: request.rawHeaders,
    body: new Uint8Array(read.bytes),
  });
  return tell(taken);
}

/** A path that is no door is looked up like a secret key, so that it takes the same way. */
function doorOf(path: string): Door {
  if (path.startsWith(TYPED)) {
    const [route = '', sourceId = '', ...rest] = path.slice(TYPED.length).split('/');
    if (rest.length === 0) return { kind: 'typed', route, sourceId };
  }
  return { kind: 'secret', key: path.startsWith(SECRET) ? path.slice(SECRET.length) : path };
}

function tell(taken: Received): Reply {
  switch (taken.kind) {
    case 'no_such_door':
      return NO_SUCH_DOOR;
    case 'refused':
      return problem('bad_signature');
    case 'secret_unavailable':
      return problem('secret_unavailable', { retryAfterSeconds: 60 });
    case 'stored':
      return taken.unreadable !== null && taken.door === 'secret' ? unreadable(taken) : stored(taken);
  }
}

type Stored = Extract<Received, { kind: 'stored' }>;

/** Registries retry 4xx for ever, so typed routes never come here. */
function unreadable({ reason, unreadable: place }: Stored): Reply {
  const message = reason ?? 'The payload was not understood.';
  const errors = place?.pointer == null ? [] : [{ pointer: place.pointer, message }];
  return problem('source_unreadable', { detail: message, ...(errors.length === 0 ? {} : { errors }) });
}

/** The answer of seed 001. */
function stored({ action, reason, receiptId }: Stored): Reply {
  const why = reason === null ? {} : { reason };
  return flatAnswer(200, { success: true, action, ...why, versionsAdded: 0, triggersActivated: 0, receiptId });
}
