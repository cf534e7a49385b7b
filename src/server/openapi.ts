/** The OpenAPI 3.1 document, made from the same definitions that answer requests. */
import { OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import { type ProblemCode, problemCodes, problemPage } from '../core/problem.ts';
import { samples } from '../core/samples.ts';
import type { RouteSpec } from './endpoint.ts';
import type { ServerOptions } from './options.ts';
import { pageMeta, problemShown } from './schemas/envelope.ts';
import { z } from './schemas/zod.ts';

type Registry = OpenAPIHono['openAPIRegistry'];
type Responses = RouteConfig['responses'];

const PROBLEM_TYPE = 'application/problem+json';

/** What of an instance stands in its document. */
type Described = Pick<ServerOptions, 'version' | 'egressIps'>;

/** Describes routes, outbound events and problems, and where deliveries come from: `x-egress-ips`. */
export function openApiDocument(specs: readonly RouteSpec[], { version, egressIps = [] }: Described) {
  const api = new OpenAPIHono();
  const registry = api.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' });
  registry.register('Problem', problemShown);
  for (const code of problemCodes) {
    registry.registerComponent('examples', code, { summary: problemPage(code).title, value: exampleOf(code) });
  }
  for (const spec of specs) registry.registerPath(routeConfig(spec));
  registerWebhooks(registry);
  const document = api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Hookyard', version, description: 'Receives webhooks, understands them, delivers events.' },
  });
  return egressIps.length === 0 ? document : { ...document, 'x-egress-ips': egressIps };
}

function exampleOf(code: ProblemCode) {
  const { type, title, status, remedy, agentAction } = problemPage(code);
  return { type, title, status, detail: remedy, success: false, code, agent_action: agentAction, remedy };
}

function routeConfig(spec: RouteSpec): RouteConfig {
  const { operationId, summary, path, tag, roles } = spec;
  const needs = roles === 'open' ? '' : `Roles: ${roles.join(', ')}.`;
  const description = [spec.description, needs].filter(Boolean).join(' ');
  return {
    method: METHODS[spec.method],
    path,
    operationId,
    summary,
    tags: [tag],
    ...(description === '' ? {} : { description }),
    ...(spec.node === 'any' ? {} : { 'x-node-role': spec.node }),
    security: roles === 'open' ? [] : [{ apiKey: [] }],
    request: requestOf(spec),
    responses: { ...successResponses(spec), ...problemResponses(spec) },
  };
}

const METHODS = { GET: 'get', POST: 'post', PATCH: 'patch', DELETE: 'delete' } as const;

function requestOf({ path, query, body, bodyOptional, headers }: RouteSpec): NonNullable<RouteConfig['request']> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
  return {
    ...(names.length === 0 ? {} : { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }),
    ...(query instanceof z.ZodObject ? { query } : {}),
    ...(body === undefined
      ? {}
      : { body: { required: bodyOptional !== true, content: { 'application/json': { schema: body } } } }),
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
  };
}

function headersOf(headers: Readonly<Record<string, string>>) {
  const fields = Object.entries(headers).map(([name, description]) => [
    name,
    z.string().optional().openapi({ description }),
  ]);
  return z.object(Object.fromEntries(fields));
}

function successResponses({ success, alternatives = {} }: RouteSpec): Responses {
  const { status, description, contentType = 'application/json', schema } = success;
  const whole = schema === undefined ? z.string() : success.flat === true ? schema : enveloped(schema);
  const content = status === 204 ? {} : { content: { [contentType]: { schema: whole } } };
  const others = Object.entries(alternatives).map(([other, why]) => [other, { description: why, ...content }]);
  return { [status]: { description, ...content }, ...Object.fromEntries(others) };
}

function enveloped(data: z.ZodType) {
  const meta = data instanceof z.ZodArray ? { meta: pageMeta.optional() } : {};
  return z.object({ success: z.literal(true), data, ...meta });
}

/** One response per status; each code that can be its reason stands there as an example. */
function problemResponses({ problems }: RouteSpec): Responses {
  const byStatus = Map.groupBy(problems, (code) => problemPage(code).status);
  const responses = [...byStatus].map(([status, codes]) => {
    const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
    const description = codes.map((code) => `\`${code}\`: ${problemPage(code).title}.`).join(' ');
    return [status, { description, content: { [PROBLEM_TYPE]: { schema: problemShown, examples } } }];
  });
  return Object.fromEntries(responses);
}

function registerWebhooks(registry: Registry): void {
  for (const { type, data, bare } of samples) {
    const envelope = { id: SAMPLE_ID, timestamp: SAMPLE_TIME, event: type, tenantId: SAMPLE_ID };
    const content = { schema: schemaOf({ ...envelope, data: bare }), example: { ...envelope, data } };
    registry.registerWebhook({
      method: 'post',
      path: type,
      operationId: `on ${type}`,
      summary: `Sent for ${type}`,
      tags: ['Outbound events'],
      request: { body: { required: true, content: { 'application/json': content } } },
      responses: { '2XX': { description: 'Delivered. Any other answer is judged by the retry policy.' } },
    });
  }
}

const SAMPLE_ID = '019a5b6e-8a00-7c3d-9f10-2b64d0f3a001';
const SAMPLE_TIME = '2026-03-04T09:30:00.000Z';

type JsonType = 'string' | 'number' | 'boolean' | 'null';

type JsonSchema =
  | { type: JsonType | JsonType[] }
  | { type: 'array'; items: JsonSchema }
  | { type: 'object'; properties: Record<string, JsonSchema>; required: string[] };

/** The JSON Schema of a sample: its fields are there, with these types; further ones may join. */
function schemaOf(sample: unknown): JsonSchema {
  if (sample === null) return { type: ['string', 'null'] };
  if (Array.isArray(sample)) return { type: 'array', items: schemaOf(sample[0] ?? {}) };
  if (typeof sample === 'number' || typeof sample === 'boolean')
    return { type: typeof sample === 'number' ? 'number' : 'boolean' };
  if (typeof sample !== 'object') return { type: 'string' };
  const entries = Object.entries(sample);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, value]) => [name, schemaOf(value)])),
    required: entries.map(([name]) => name),
  };
}
