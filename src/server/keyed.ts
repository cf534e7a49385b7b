/** Endpoints that need an API key: who is asking, what was asked, and whether it was asked before. */
import { type Id, isId } from '../core/ids.ts';
import type { JsonLimits } from '../core/json.ts';
import { type Problem, type ProblemCode, problem } from '../core/problem.ts';
import type { Role } from '../ports.ts';
import { type Caller, callerOf } from './auth.ts';
import { type ReadBytes, readJsonObject, SETTINGS_JSON, typeRefusal } from './body.ts';
import type { Endpoint, IncomingRequest, Method, RouteSpec } from './endpoint.ts';
import { IF_MATCH_HEADER, readIfMatch } from './etag.ts';
import { readFields, readQuery } from './fields.ts';
import { type Claims, KEY_HEADER, once, readKey } from './idempotency.ts';
import { seat } from './load.ts';
import type { Server } from './options.ts';
import type { Reply } from './respond.ts';
import { z } from './schemas/zod.ts';

/** What a keyed endpoint is given: everything in it is checked. */
export interface Call<Body, Query> {
  caller: Caller;
  /** The id in the path; '' where the path has none. */
  id: Id;
  body: Body;
  query: Query;
  /** The version that `If-Match` names; null where none is named, and on a route that does not take it. */
  ifVersion: number | null;
  claims: Claims;
  request: IncomingRequest;
}

export interface KeyedRoute<Body extends z.ZodType, Query extends z.ZodType>
  extends Omit<RouteSpec, 'node' | 'roles' | 'query' | 'body' | 'headers'> {
  roles: readonly Role[];
  query?: Query;
  body?: Body;
  /** What the document says of the body, where the checks need more than a schema. */
  documentedBody?: z.ZodType;
  /** What its body may hold; what settings may unless told. */
  json?: JsonLimits;
  /** It takes `If-Match`: a change may be made to one version alone. */
  conditional?: true;
  run(call: Call<z.output<Body>, z.output<Query>>): Promise<Reply>;
}

/** For routes that take no fields: unknown ones are still refused. */
export const NOTHING = z.strictObject({});

const KEYED_PROBLEMS: readonly ProblemCode[] = [
  'unauthorized',
  'forbidden',
  'not_served_here',
  'overloaded',
  'store_unavailable',
  'internal',
];
const BODY_PROBLEMS: readonly ProblemCode[] = [
  'unsupported_media_type',
  'unsupported_encoding',
  'body_too_large',
  'invalid_json',
  'json_too_deep',
  'json_too_many',
  'validation_failed',
];
const CONDITION_PROBLEMS: readonly ProblemCode[] = ['validation_failed', 'precondition_failed'];
const POST_PROBLEMS: readonly ProblemCode[] = ['idempotency_mismatch', 'idempotency_running', 'secret_unavailable'];

/** An endpoint from its definition. */
export function keyed<Body extends z.ZodType = typeof NOTHING, Query extends z.ZodType = typeof NOTHING>(
  server: Server,
  route: KeyedRoute<Body, Query>,
): Endpoint {
  return { spec: specOf(route), handle: (request) => handle(server, route, request) };
}

function specOf<Body extends z.ZodType, Query extends z.ZodType>(route: KeyedRoute<Body, Query>): RouteSpec {
  const { run: _run, json: _json, conditional, documentedBody, ...spec } = route;
  const problems = new Set([...route.problems, ...KEYED_PROBLEMS]);
  if (takesBody(route.method)) for (const code of BODY_PROBLEMS) problems.add(code);
  if (route.query !== undefined || route.method === 'GET') problems.add('validation_failed');
  if (route.path.includes('{id}')) problems.add('not_found');
  if (conditional) for (const code of CONDITION_PROBLEMS) problems.add(code);
  const headers: Record<string, string> = conditional ? { ...IF_MATCH_HEADER } : {};
  if (route.method === 'POST') {
    for (const code of POST_PROBLEMS) problems.add(code);
    headers[KEY_HEADER] = 'The same key and body again get the first answer; kept for 24 hours or longer.';
  }
  return { ...spec, node: 'query', body: documentedBody ?? route.body, headers, problems: [...problems] };
}

function takesBody(method: Method): boolean {
  return method === 'POST' || method === 'PATCH';
}

async function handle<Body extends z.ZodType, Query extends z.ZodType>(
  server: Server,
  route: KeyedRoute<Body, Query>,
  request: IncomingRequest,
): Promise<Reply> {
  const caller = await callerOf(server.ports, request.header('authorization'), route.roles);
  if (caller.kind === 'problem') return caller;
  const crowded = seat(server.load, request.stay, caller.tenant);
  if (crowded !== null) return crowded;
  const id = request.params.id ?? '';
  if (id !== '' && !isId(id)) return problem('not_found');
  const query = readQuery<z.ZodType>(route.query ?? NOTHING, request.url.searchParams);
  if (query.kind === 'problem') return query;
  const read = takesBody(route.method) ? await request.read(server.limits.management) : NO_BODY;
  if (read.kind === 'problem') return read;
  const body = readBody(route, request, read.bytes);
  if (body.kind === 'problem') return body;
  const key = readKey(route.method === 'POST' ? request.header(KEY_HEADER) : null);
  if (key.kind === 'problem') return key;
  const { tenant, role } = caller;
  const use = { tenant, role, scope: `${route.method} ${request.url.pathname}`, key: key.key };
  // The schemas of this very route produced both values.
  const checked = { body: body.fields as z.output<Body>, query: query.fields as z.output<Query> };
  return once(server, { ...use, body: read.bytes }, async (claims) => {
    const condition = readIfMatch(route.conditional ? request.header('if-match') : null);
    if (condition.kind === 'problem') return condition;
    return route.run({ caller, id, claims, request, ifVersion: condition.version, ...checked });
  });
}

const NO_BODY: ReadBytes = { kind: 'bytes', bytes: new Uint8Array(0) };

function readBody<Body extends z.ZodType, Query extends z.ZodType>(
  route: KeyedRoute<Body, Query>,
  request: IncomingRequest,
  bytes: Uint8Array,
): { kind: 'fields'; fields: unknown } | Problem {
  const schema: z.ZodType = route.body ?? NOTHING;
  const optional = route.body === undefined || route.bodyOptional === true;
  if (!takesBody(route.method) || (bytes.length === 0 && optional)) return readFields(schema, {});
  const refusal = typeRefusal(request.header('content-type'));
  if (refusal !== null) return refusal;
  const json = readJsonObject(bytes, route.json ?? SETTINGS_JSON);
  return json.kind === 'problem' ? json : readFields(schema, json.value, shownNames(route.success.schema));
}

function shownNames(schema: z.ZodType | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
