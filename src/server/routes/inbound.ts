/** The doors senders push to. Answers are flat; what is not a door looks the same whatever is wrong with it. */
import { DEFAULT_TENANT } from '../../core/ids.ts';
import { letGo } from '../../core/let-go.ts';
import { type ProblemCode, problem } from '../../core/problem.ts';
import { GROUP_ROUTES } from '../../core/source.ts';
import { UNREADABLE } from '../../core/understanding.ts';
import { RESTLESS } from '../../flows/publish.ts';
import type { Door } from '../../flows/receive/door.ts';
import type { Received } from '../../flows/receive.ts';
import type { Endpoint, IncomingRequest, RouteSpec } from '../endpoint.ts';
import { LARGE_BODY_BYTES } from '../large-bodies.ts';
import { DOORS, seat } from '../load.ts';
import type { Server } from '../options.ts';
import { type Answer, flatAnswer, type Reply } from '../respond.ts';
import { received } from '../schemas/receipt.ts';
import { isServed, notServed } from '../served.ts';

const TYPED = '/api/v1/webhooks/';
const SECRET = '/api/webhook/';

/** Everything below these belongs to the doors, so that a wrong path there tells no more than a wrong key. */
export const INBOUND_PREFIXES = [TYPED, SECRET] as const;

/** Who answers below them. */
const INBOUND_NODE = 'ingest';

const ROUTES = Object.values(GROUP_ROUTES).join(', ');

/** Unknown, disabled, wrong method, wrong key, wrong path, wrong address: these bytes and headers, without a request id. */
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

/** What either door may refuse with. */
const DOOR_PROBLEMS: readonly ProblemCode[] = [
  'body_too_large',
  'source_body_too_large',
  'unsupported_encoding',
  'secret_unavailable',
  'not_served_here',
  'overloaded',
  'source_rate_limited',
  'store_unavailable',
  'internal',
];

const typedSpec: RouteSpec = {
  ...shared,
  path: '/api/v1/webhooks/{route}/{sourceId}',
  operationId: 'receiveTyped',
  summary: 'Receive a push at a source that proves itself by signature or token',
  description: `Routes: ${ROUTES}. An authentic body that cannot be read is stored and answered 200 \`ignored\`; so is one for a paused source, which is held. A connection test that wants something back gets it in place of the usual answer. Senders of CloudEvents may ask with OPTIONS whether they may send.`,
  problems: ['bad_signature', ...DOOR_PROBLEMS],
};

const secretSpec: RouteSpec = {
  ...shared,
  path: '/api/webhook/{key}',
  operationId: 'receiveSecret',
  summary: 'Receive a push at a secret URL',
  description:
    'Anything wrong with the URL, the method, the source or the address it came from is the same 404. Otherwise as at a typed URL.',
  problems: ['source_unreadable', ...DOOR_PROBLEMS],
};

/** What the doors look at of a request. */
export interface Knock extends Pick<IncomingRequest, 'method' | 'rawHeaders' | 'remoteAddress' | 'stay' | 'read'> {
  /** Without query. */
  path: string;
}

/** The inbound doors. Each takes whatever method it is asked with. */
export function inboundEndpoints(server: Server): readonly Endpoint[] {
  return [typedSpec, secretSpec].map((spec) => ({ spec, handle: (request) => takeIn(server, knockOf(request)) }));
}

/** The same as the listener makes it directly. */
export function knockOf(request: IncomingRequest): Knock {
  const { method, rawHeaders, remoteAddress, stay, read, url } = request;
  return { method, rawHeaders, remoteAddress, stay, read, path: url.pathname };
}

export interface InboundPath {
  /** What it begins with, in one of its spellings. */
  prefix: string;
  /** Where it leads, without query: to no door, unless it has the prefix as it stands. */
  path: string;
}

/** What may spell an inbound prefix, and little else: every target passes here. */
const MAY_BE_INBOUND = /webhook|%/;
/** Scheme and host, where a target has them (RFC 9112 §3.2.2). */
const AUTHORITY = /^https?:\/\/[^/?#]*/i;

/**
 * Where a request target leads that begins like a door's; null for every other one. A proxy lets such a target through
 * by how it begins, so it may lead nowhere else: neither by dots (`/api/webhook/../../metrics`) nor by escapes.
 */
export function inboundPath(target: string): InboundPath | null {
  const path = MAY_BE_INBOUND.test(target) ? URL.parse(target, 'http://door')?.pathname : undefined;
  if (path === undefined) return null;
  const asWritten = target
    .replace(AUTHORITY, '')
    .replace(/[?#].*$/s, '')
    .replaceAll('\\', '/');
  const spellings = [path, unescaped(path), unescaped(asWritten)];
  const prefix = INBOUND_PREFIXES.find((one) => spellings.some((spelling) => `${spelling}/`.startsWith(one)));
  return prefix === undefined ? null : { prefix, path };
}

/** With the escapes of ASCII decoded, once: others are in no prefix. */
function unescaped(path: string): string {
  return path.replace(/%[0-7][0-9a-f]/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/** Takes in one request that begins like one to a door. */
export async function takeIn(server: Server, request: Knock): Promise<Reply> {
  if (!isServed(server, INBOUND_NODE)) return notServed(INBOUND_NODE);
  const door = doorOf(request.path);
  if (door === null) return NO_SUCH_DOOR;
  const crowded = seat(server.load, request.stay, DOORS);
  if (crowded !== null) return crowded;
  const largeBodies = server.largeBodies.of(request.remoteAddress);
  const read = await request.read(server.limits.receipt, largeBodies);
  if (read.kind === 'problem') return read;
  const body = ownBytes(read.bytes);
  const taken = await server.receive({
    tenant: DEFAULT_TENANT,
    door,
    method: request.method,
    headers: request.rawHeaders,
    body,
    remoteAddress: request.remoteAddress,
  });
  if (body.length > LARGE_BODY_BYTES) {
    if (PARSED.has(taken.kind)) largeBodies.parsed(body.length);
    // Not after a failure: the store may look at it still.
    if (read.isOurs === true) letGo(body);
  }
  return tell(taken, door);
}

/** Where somebody has read what the body says. */
const PARSED: ReadonlySet<Received['kind']> = new Set<Received['kind']>(['stored', 'restless']);

/** In an allocation of its own: a part of another one would keep, and hand to the store, the whole of it. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

/** Below a prefix, what is no door is looked up like a secret key, so that it takes the same way; elsewhere nothing is. */
function doorOf(path: string): Door | null {
  if (path.startsWith(SECRET)) return { kind: 'secret', key: path.slice(SECRET.length) };
  if (!path.startsWith(TYPED)) return null;
  const [route = '', sourceId = '', ...rest] = path.slice(TYPED.length).split('/');
  return rest.length === 0 ? { kind: 'typed', route, sourceId } : { kind: 'secret', key: path };
}

function tell(taken: Received, door: Door): Reply {
  switch (taken.kind) {
    case 'no_such_door':
      return NO_SUCH_DOOR;
    case 'refused':
      return door.kind === 'typed' ? problem('bad_signature') : NO_SUCH_DOOR;
    case 'secret_unavailable':
      return problem('secret_unavailable', { retryAfterSeconds: 60 });
    case 'restless':
      return RESTLESS;
    case 'too_large':
      return problem('source_body_too_large', { detail: `Its source takes at most ${taken.maxBytes} bytes.` });
    case 'shed':
      return problem('source_rate_limited', {
        detail: `The \`rateLimit\` of its source is ${taken.limit.count} in ${taken.limit.seconds} seconds.`,
        retryAfterSeconds: Math.ceil(taken.retryAfterMs / 1000),
      });
    case 'permitted':
      return permitted(taken);
    case 'stored':
      return taken.unreadable !== null && door.kind === 'secret' ? unreadable(taken) : stored(taken);
  }
}

/** HTTP Webhooks for CloudEvents 1.0.2 §4.2. */
function permitted({ permission }: Extract<Received, { kind: 'permitted' }>): Answer {
  const { origin, perMinute } = permission;
  const headers = { 'WebHook-Allowed-Origin': origin, 'WebHook-Allowed-Rate': `${perMinute ?? '*'}`, Allow: 'POST' };
  return { kind: 'answer', status: 200, headers, body: null };
}

type Stored = Extract<Received, { kind: 'stored' }>;

/** Registries retry 4xx for ever, so typed routes never come here. */
function unreadable({ reason, unreadable: place }: Stored): Reply {
  const message = reason?.replace(UNREADABLE, '') ?? 'The payload was not understood.';
  const errors = place?.pointer == null ? [] : [{ pointer: place.pointer, message }];
  return problem('source_unreadable', { detail: message, ...(errors.length === 0 ? {} : { errors }) });
}

/** More than any sender wants back. */
const MAX_ECHO_CHARS = 4096;

/** The answer of seed 001, unless a connection test wants another one. */
function stored({ action, reason, receiptId, echo }: Stored): Reply {
  if (echo !== null && JSON.stringify(echo).length <= MAX_ECHO_CHARS) return flatAnswer(200, echo);
  const why = reason === null ? {} : { reason };
  return flatAnswer(200, { success: true, action, ...why, versionsAdded: 0, triggersActivated: 0, receiptId });
}
