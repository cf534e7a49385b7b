/** The HTTP face: every route of every noun behind one fetch function, usable without a socket. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { problem } from '../core/problem.ts';
import { senderAddress } from '../core/sender-address.ts';
import { headerValues } from '../core/signature/headers.ts';
import type { FlowPorts } from '../flows/configuration.ts';
import { readBody, readStream } from './body.ts';
import type { Endpoint, IncomingRequest, RouteSpec, ServedBy } from './endpoint.ts';
import { arrival, enter, leave, OVERLOADED, type Stay } from './load.ts';
import { openApiDocument } from './openapi.ts';
import { createServer, type Server, type ServerOptions } from './options.ts';
import { type Answer, freshRequestId, type Reply, refusalOfError, respond, toResponse } from './respond.ts';
import { deliveryEndpoints } from './routes/deliveries.ts';
import { eventEndpoints } from './routes/events.ts';
import { INBOUND_PREFIXES, inboundEndpoints, knockOf, takeIn } from './routes/inbound.ts';
import { keyEndpoints } from './routes/keys.ts';
import { receiptEndpoints } from './routes/receipts.ts';
import { sourceEndpoints } from './routes/sources.ts';
import { subscriptionEndpoints } from './routes/subscriptions.ts';
import { systemEndpoints } from './routes/system.ts';
import { warningEndpoints } from './routes/warnings.ts';
import { isServed, notServed } from './served.ts';

/** What the Node listener adds to a request. */
export interface NodeEnv {
  incoming?: { rawHeaders: readonly string[]; socket?: { remoteAddress?: string | undefined } };
}

export interface App {
  /** Answers any request; never rejects. */
  fetch(request: Request, env?: NodeEnv): Promise<Response>;
  /** Every route with its description. */
  routes: readonly RouteSpec[];
  /** What is really registered, as `METHOD path`, for comparing with the document. */
  registered(): readonly string[];
  /** For the Node listener's short way to the hot path. */
  server: Server;
}

type Honoed = Context<{ Bindings: NodeEnv }>;
type Handle = (request: IncomingRequest) => Promise<Reply>;

/** Puts the routes together. */
export function createApp(ports: FlowPorts, options: ServerOptions): App {
  const server = createServer(ports, options);
  const endpoints = endpointsOf(server);
  const hono = new OpenAPIHono<{ Bindings: NodeEnv }>();
  for (const { spec, handle } of endpoints) {
    const answer = servedBy(server, spec.node, handle);
    hono.on(spec.method, honoPath(spec.path), (context) => serve(server, context, spec.path, answer));
  }
  const knock: Handle = (request) => takeIn(server, knockOf(request));
  for (const prefix of INBOUND_PREFIXES) {
    hono.all(`${prefix}*`, (context) => serve(server, context, `${prefix}*`, knock));
  }
  for (const [path, methods] of methodsByPath(endpoints)) {
    hono.all(honoPath(path), (context) => serve(server, context, path, async () => notAllowed(methods)));
  }
  hono.notFound((context) => serve(server, context, 'unknown', async () => problem('not_found')));
  return {
    fetch: async (request, env = {}) => hono.fetch(request, env),
    routes: endpoints.map(({ spec }) => spec),
    registered: () =>
      hono.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`),
    server,
  };
}

function servedBy(server: Server, node: ServedBy, handle: Handle): Handle {
  return isServed(server, node) ? handle : async () => notServed(node);
}

function endpointsOf(server: Server): readonly Endpoint[] {
  const endpoints: Endpoint[] = [
    ...eventEndpoints(server),
    ...subscriptionEndpoints(server),
    ...warningEndpoints(server),
    ...deliveryEndpoints(server),
    ...sourceEndpoints(server),
    ...receiptEndpoints(server),
    ...keyEndpoints(server),
    ...inboundEndpoints(server),
  ];
  const document = () =>
    openApiDocument(
      endpoints.map(({ spec }) => spec),
      server.options,
    );
  endpoints.push(...systemEndpoints(server, document));
  return endpoints;
}

/** `{id}` of the document is `:id` of the router. */
export function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function methodsByPath(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly string[]> {
  const grouped = Map.groupBy(endpoints, ({ spec }) => spec.path);
  return new Map([...grouped].map(([path, group]) => [path, group.map(({ spec }) => spec.method)]));
}

function notAllowed(methods: readonly string[]): Reply {
  const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  return { ...problem('method_not_allowed'), headers: { Allow: allow.join(', ') } };
}

async function serve(server: Server, context: Honoed, route: string, handle: Handle): Promise<Response> {
  const request = incomingRequest(server, context, route);
  const answer = await settle(server, request.stay, () => handle(request));
  return toResponse(request.method === 'HEAD' ? { ...answer, body: null } : answer);
}

/** Runs a handler and completes its reply: thrown errors become problems, and the outcome is counted. */
export async function settle(server: Server, stay: Stay, handle: () => Promise<Reply>): Promise<Answer> {
  const { ports, load } = server;
  const startedMs = ports.clock.monotonicMs();
  const { route, method } = stay;
  const reply = enter(load, stay)
    ? await handle().catch((error: unknown) => refusalOfError(ports, error, stay))
    : OVERLOADED;
  leave(load, stay);
  const answer = respond(reply, stay.requestId);
  ports.metrics.count('http_requests_total', { route, method, status: `${answer.status}` });
  ports.metrics.observe('http_request_seconds', (ports.clock.monotonicMs() - startedMs) / 1000, { route });
  return answer;
}

function incomingRequest(server: Server, context: Honoed, route: string): IncomingRequest {
  const { req } = context;
  const { load } = server;
  const stay = arrival(route, req.method, freshRequestId(server.ports));
  const header = (name: string) => req.raw.headers.get(name);
  const rawHeaders = rawHeadersOf(context);
  return {
    method: req.method,
    url: new URL(req.url),
    header,
    rawHeaders,
    get remoteAddress() {
      return senderOf(server, context.env.incoming?.socket?.remoteAddress ?? null, rawHeaders);
    },
    params: req.param(),
    stay,
    read: (maxBytes, largeBodies = null) => {
      const declared = { contentLength: header('content-length'), contentEncoding: header('content-encoding') };
      const place = { load, stay, largeBodies };
      return readBody(place, declared, maxBytes, (intake) => readStream(req.raw.body, intake));
    },
  };
}

/** Whom a request came from, whose socket comes from `peer`. */
export function senderOf({ trustedProxies }: Server, peer: string | null, headers: IncomingRequest['rawHeaders']) {
  const values = headerValues(headers.flat());
  const way = { forwardedFor: values('x-forwarded-for'), forwarded: values('forwarded') };
  return senderAddress({ peer, ...way }, trustedProxies);
}

/** As they came over the socket where there was one: fetch joins repeated headers. */
function rawHeadersOf({ env, req }: Honoed): readonly (readonly [string, string])[] {
  const raw = env.incoming?.rawHeaders;
  return raw === undefined ? [...req.raw.headers] : pairsOf(raw);
}

/** Names and values as `IncomingMessage.rawHeaders` alternates them, in pairs. */
export function pairsOf(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
}
